"""How programs get in: keys of one workspace, each with the scopes it was given."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tapline.errors import TaplineError
from tapline.workspaces import audit
from tapline.workspaces.models import ApiKey, Workspace

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

# Every scope, once: what a key may do, as the page that makes keys says it.
SCOPES = {
    "contacts:read": _("See contacts and their consent"),
    "contacts:write": _("Add and change contacts, record consent"),
    "links:read": _("See links and where they lead"),
    "links:write": _("Make links and change where they lead"),
    "domains:read": _("See domains and how they stand"),
    "domains:write": _("Add and check domains, change what they answer"),
    "providers:read": _("See providers and sender numbers, never their secrets"),
    "providers:write": _("Connect providers, add and change sender numbers"),
    "messages:send": _("Send single texts"),
    "broadcasts:read": _("See broadcasts"),
    "broadcasts:write": _("Write, check, send and stop broadcasts"),
    "hours:read": _("See quiet hours and their rules"),
    "hours:write": _("Decide about quiet hours and caps"),
    "keywords:read": _("See keywords and what they did"),
    "keywords:write": _("Make, change and end keywords"),
    "replies:read": _("See what people write, and conversations"),
    "replies:write": _("Answer, assign conversations, decide on doubtful opt-outs"),
    "reports:read": _("See reports: counts, not people"),
    "clicks:read": _("See who tapped"),
    "track:write": _("Put tracked links into texts that another system sends"),
    "receipts:write": _("Report what became of texts that another system sent"),
    "settings:read": _("See the workspace's settings"),
    "settings:write": _("Change the workspace's settings"),
}


@dataclass(frozen=True, slots=True)
class KeyRole:
    """A set of scopes that keys often get, by a word."""

    words: StrOrPromise
    scopes: tuple[str, ...]


KEY_ROLES = {
    "track": KeyRole(
        _("Put tracked links into texts that another system sends"),
        ("track:write", "receipts:write", "reports:read"),
    ),
    "send": KeyRole(
        _("Write and send, look after contacts and links"),
        tuple(
            scope for scope in SCOPES if not scope.startswith(("domains", "providers", "settings"))
        ),
    ),
    "read": KeyRole(
        _("See everything, change nothing"),
        tuple(scope for scope in SCOPES if scope.endswith(":read")),
    ),
    "all": KeyRole(_("Everything that a manager may do"), tuple(SCOPES)),
}
TOKEN_START = "tapline_"  # noqa: S105  # Lets leak scanners recognise a key; not a secret.
TOKEN_BYTES = 32
PREFIX_LENGTH = 12
LAST_USED_EVERY = timedelta(minutes=1)


class BadApiKey(TaplineError):
    """The key cannot be made as asked."""


def create_api_key(
    workspace: Workspace, name: str, scopes: Collection[str], *, actor: str = "command line"
) -> tuple[ApiKey, str]:
    """Return a new key's row and its token, which nobody can show again.

    Raises `BadApiKey` for an empty name and for scopes that do not exist.
    """
    _refuse_bad(name, scopes)
    token = TOKEN_START + secrets.token_urlsafe(TOKEN_BYTES)
    with transaction.atomic():
        key = ApiKey.objects.create(
            workspace=workspace,
            name=name.strip(),
            prefix=token[:PREFIX_LENGTH],
            key_hash=_hash(token),
            scopes=sorted(set(scopes)),
        )
        after = {"name": key.name, "prefix": key.prefix, "scopes": key.scopes}
        audit.record(workspace, actor, "api_key.created", key, after=after)
    return key, token


def authenticate(token: str) -> ApiKey | None:
    """Return the key that `token` opens, its workspace loaded, or None."""
    key = (
        ApiKey.objects.select_related("workspace")
        .filter(key_hash=_hash(token), revoked_at=None, held_at=None)
        .first()
    )
    if key is not None:
        _note_use(key, timezone.now())
    return key


def has_scope(key: ApiKey, scope: str) -> bool:
    """Say whether the key was given `scope`."""
    return scope in key.scopes


def revoke(key: ApiKey, *, actor: str) -> None:
    """End a key's use for good; doing so twice changes nothing."""
    with transaction.atomic():
        ended = ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=timezone.now())
        if ended:
            audit.record(
                key.workspace, actor, "api_key.revoked", key, before={"prefix": key.prefix}
            )


def let_in_again(key: ApiKey, *, actor: str) -> None:
    """Open a key that a restore closed; doing so twice changes nothing."""
    with transaction.atomic():
        held = ApiKey.objects.filter(pk=key.pk, revoked_at=None, held_at__isnull=False)
        if held.update(held_at=None):
            audit.record(key.workspace, actor, "api_key.opened", key, after={"prefix": key.prefix})


def _hash(token: str) -> str:
    # A token is 256 random bits: nothing slower than one hash is needed against guessing.
    return hashlib.sha256(token.encode()).hexdigest()


def _note_use(key: ApiKey, now: datetime) -> None:
    """Keep `last_used_at`, at most once a minute: a read must not cost a write each time."""
    stale = Q(last_used_at=None) | Q(last_used_at__lt=now - LAST_USED_EVERY)
    if key.last_used_at is None or key.last_used_at < now - LAST_USED_EVERY:
        ApiKey.objects.filter(stale, pk=key.pk).update(last_used_at=now)
        key.last_used_at = now


def _refuse_bad(name: str, scopes: Collection[str]) -> None:
    if not name.strip() or len(name.strip()) > 120:
        raise BadApiKey(
            "The key needs a name.",
            why="It tells you later which program uses it; it has 1 to 120 characters.",
            do="Name it after the program.",
        )
    unknown = sorted(set(scopes) - set(SCOPES))
    if unknown or not scopes:
        raise BadApiKey(
            f"There is no scope '{unknown[0]}'." if unknown else "The key has no scope.",
            why="A key may do what its scopes say, and nothing else.",
            do=f"Choose from: {', '.join(SCOPES)}.",
        )

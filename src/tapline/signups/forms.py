"""How a sign-up form is made, changed, closed and found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from tapline import config
from tapline.contacts.consent import keep_wording
from tapline.contacts.models import Purpose
from tapline.contacts.upserting import refuse_bad_tag
from tapline.errors import NotFound, TaplineError
from tapline.signups.models import FormVersion, SignUpForm
from tapline.workspaces.audit import record
from tapline.workspaces.models import Workspace
from tapline.workspaces.tree import ancestors

MOST_TITLE, MOST_NAME, MOST_WORDING = 120, 120, 2_000
# Languages in which the page's own words (button, labels) exist; the wording is the operator's.
LANGUAGES = ("en", "es", "fr", "de")


class BadForm(TaplineError):
    """The form cannot be shown to people like this."""


class FormClosed(NotFound):
    """Nobody can sign up there (any more)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FormDetails:
    """Everything about a form that its owner chooses."""

    name: str
    title: str
    wording: str
    language: str = "en"
    purpose: str = Purpose.MARKETING
    asks_name: bool = True
    needs_confirmation: bool = False
    tags: Sequence[str] = ()
    scope: Workspace | None = None  # None: the workspace itself


def create_form(workspace: Workspace, details: FormDetails, *, actor: str) -> SignUpForm:
    """Return a new form, open at once. Raises `BadForm` and `BadContact` (a tag)."""
    _refuse_bad(workspace, details)
    with transaction.atomic():
        form = SignUpForm(workspace=workspace, created_by=actor)
        _apply(form, details)
        form.save()
        _show(form, details)
        record(workspace, actor, "sign_up_form.created", form, after=_told(form, details))
    return form


def change_form(form: SignUpForm, details: FormDetails, *, actor: str) -> None:
    """Change a form. Another title or wording is a new version; older ones stay on record."""
    _refuse_bad(form.workspace, details)
    with transaction.atomic():
        before = form.newest
        _apply(form, details)
        form.save()
        if (before.title, before.wording.text) != (details.title, details.wording):
            _show(form, details)
        record(form.workspace, actor, "sign_up_form.changed", form, after=_told(form, details))


def set_open(form: SignUpForm, is_open: bool, *, actor: str) -> None:
    """Close a form, or open it again."""
    with transaction.atomic():
        form.closed_at = None if is_open else timezone.now()
        form.save(update_fields=["closed_at"])
        action = "sign_up_form.opened" if is_open else "sign_up_form.closed"
        record(form.workspace, actor, action, form)


def open_form(token: str) -> SignUpForm:
    """Return the open form of a public address; raises `FormClosed`."""
    form = (
        SignUpForm.objects.select_related("workspace", "scope")
        .filter(token=token, closed_at=None)
        .first()
    )
    if form is None:
        raise FormClosed(
            "Nobody can sign up here.",
            why="This form was closed, or its address is wrong.",
            do="Ask whoever gave you the address.",
        )
    return form


def public_address(form: SignUpForm) -> str:
    """Return where people find the form."""
    return f"{config.current().web_url}/join/{form.token}"


def _apply(form: SignUpForm, details: FormDetails) -> None:
    form.name, form.language, form.purpose = details.name, details.language, details.purpose
    form.asks_name, form.needs_confirmation = details.asks_name, details.needs_confirmation
    form.tags, form.scope = list(details.tags), details.scope or form.workspace


def _show(form: SignUpForm, details: FormDetails) -> FormVersion:
    wording = keep_wording(details.wording, details.language)
    assert wording is not None  # `_refuse_bad` lets no empty one through.
    return FormVersion.objects.create(form=form, title=details.title, wording=wording)


def _told(form: SignUpForm, details: FormDetails) -> dict[str, object]:
    return {
        "name": form.name,
        "title": details.title,
        "wording": details.wording,
        "scope": form.scope_id,
        "needs_confirmation": form.needs_confirmation,
        "tags": form.tags,
    }


def _refuse_bad(workspace: Workspace, details: FormDetails) -> None:
    for words, value, most in (
        ("name", details.name, MOST_NAME),
        ("title", details.title, MOST_TITLE),
        ("wording", details.wording, MOST_WORDING),
    ):
        if not value.strip() or len(value) > most or "\x00" in value:
            raise BadForm(
                f"The {words} is missing or too long.",
                why=f"It has 1 to {most:,} characters.",
                do="Write what people agree to: who texts, what about, how often, how to stop."
                if words == "wording"
                else f"Give the form a {words}.",
            )
    if details.purpose not in Purpose.values or details.language not in LANGUAGES:
        raise BadForm(
            "The form's purpose or language is not known.",
            why=f"Purposes are {', '.join(Purpose.values)}; languages {', '.join(LANGUAGES)}.",
            do="Choose one of them.",
        )
    if details.scope is not None and details.scope not in ancestors(workspace):
        raise BadForm(
            f"'{details.scope.name}' is not above '{workspace.name}'.",
            why="A yes covers texts from one workspace and those below it.",
            do="Choose this workspace or one above it.",
        )
    for tag in details.tags:
        refuse_bad_tag(tag)

"""A link for the newcomer's own phone: where this machine answers, and what was tapped there."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils import timezone
from django.utils.translation import gettext as _

from tapline import config
from tapline.broadcasts.models import Message
from tapline.broadcasts.singles import StatedConsent, send_single
from tapline.contacts.models import Purpose
from tapline.contacts.phones import normalise
from tapline.contacts.roles import ContactRole, change_role
from tapline.contacts.upserting import upsert_contact
from tapline.links.codebook import load_codebook
from tapline.links.domains import create_domain
from tapline.links.minting import create_link, mint_range
from tapline.links.models import Domain, Link
from tapline.providers.simulator.demo_instance import NoLanAddress, lan_address
from tapline.workspaces.models import Workspace

ACTOR = "sample"
# It is nobody's page but there: reserved for examples (RFC 2606).
DESTINATION = "https://example.com/"
WORDING = "Send a text to my own phone."
LINK_NAME = "Your own phone"
EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104  # what listeners on every interface are called


@dataclass(frozen=True, slots=True)
class OwnLink:
    """The link for one's own phone, and whether phones in the same network can open it."""

    link: Link
    url: str
    is_reachable: bool


def own_link(workspace: Workspace) -> OwnLink | None:
    """Return the link of a sample workspace for the newcomer's own phone; None where it has none,
    or where this machine answers somewhere else by now."""
    base_url = lan_base_url()
    links = Link.objects.filter(
        workspace=workspace, name=LINK_NAME, domain__base_url=base_url or local_base_url()
    )
    link = links.select_related("domain").order_by("-id").first()
    if link is None:
        return None
    book = load_codebook([link.pk], first_position=0, last_position=0)
    return OwnLink(link, book.url(link.domain, book.codes(link.pk, [0])[0]), bool(base_url))


def make_own_link(workspace: Workspace) -> None:
    """Make a link for the newcomer's own phone, under the address where that can open it."""
    if own_link(workspace) is None:
        domain = ensure_domain(workspace, lan_base_url() or local_base_url())
        link = create_link(workspace, domain, DESTINATION, name=LINK_NAME, actor=ACTOR)
        mint_range(link, 1)


def text_myself(workspace: Workspace, phone: str, actor: str) -> Message:
    """Send one's own phone a real text with a tracked link, and return its message.

    The number becomes a contact that is one of the workspace's own people, so that what it opens
    counts as a test. Raises what `send_single` raises.
    """
    number = normalise(phone, workspace.default_country)
    contact, _is_new = upsert_contact(workspace, number)
    change_role(workspace, contact.pk, ContactRole.STAFF, actor=actor)
    agreed = StatedConsent(wording=WORDING, at=timezone.now(), evidence={"page": "own phone"})
    text = _("Your first link from Tapline. Tap it: %(link)s") % {"link": DESTINATION}
    return send_single(
        workspace, to=number, text=text, purpose=Purpose.SERVICE, consent=agreed, actor=actor
    )


def lan_base_url() -> str:
    """Return how links begin that phones in the same network can open; empty where none can."""
    for listen in config.current().edge_listen.split(","):
        host, port = config.parse_address(listen)
        if host in EVERYWHERE:
            try:
                return f"http://{lan_address()}:{port}"
            except NoLanAddress:
                return ""
    return ""


def local_base_url() -> str:
    """Return how links begin that this machine alone can open."""
    _host, port = config.parse_address(config.current().edge_listen.split(",")[0])
    return f"http://127.0.0.1:{port}"


def ensure_domain(workspace: Workspace, base_url: str) -> Domain:
    """Return the workspace's domain at this address, made where there is none."""
    own = Domain.objects.filter(workspace=workspace, base_url=base_url, deleted_at=None).first()
    return own or create_domain(workspace, base_url, proved=True, actor=ACTOR)

"""What should be known before a broadcast is sent: errors stop it, warnings and notes do not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from django.utils import timezone
from django.utils.translation import gettext as _

from tapline.broadcasts.checking_cost import cost_findings
from tapline.broadcasts.checking_hours import check_hours
from tapline.broadcasts.checking_sender import sender_findings
from tapline.broadcasts.composing import Preview, preview, read_text
from tapline.broadcasts.findings import Finding
from tapline.broadcasts.forecast import Forecast, forecast, look_ahead
from tapline.broadcasts.leading import not_working
from tapline.broadcasts.models import Broadcast
from tapline.broadcasts.reach import Reach
from tapline.errors import TaplineError
from tapline.links.domains import domain_for, usable_domains
from tapline.links.hosts import as_read, is_local
from tapline.links.models import Domain
from tapline.texts.links import find_links
from tapline.texts.parts import unusual_characters
from tapline.texts.personal import MessageTemplate
from tapline.workspaces.counting import only_counted

# A text of more parts is sent, but somebody should have noticed.
MANY_PARTS = 3
# Source: T-Mobile wants one recognisable domain per text; more links look like spam to filters.
MANY_LINKS = 3


@dataclass(frozen=True, slots=True)
class _Draft:
    """What the checks look at, gathered once."""

    broadcast: Broadcast
    template: MessageTemplate
    first: Preview
    audience: Forecast
    reach: Reach | None


def check(broadcast: Broadcast, reach: Reach | None = None) -> list[Finding]:
    """Return what there is to know about a broadcast, errors first. It may be unsaved.

    Counts the audience where its `reach` is not known yet: seconds for a million contacts.
    """
    now = timezone.now()
    try:
        template, first = read_text(broadcast.text), preview(broadcast, first_text=True)
        audience = forecast(broadcast, now, reach) if reach else look_ahead(broadcast, now)
        draft = _Draft(broadcast, template, first, audience, reach)
    except TaplineError as error:
        return [Finding("error", error.what, error.why, error.do)]
    found = [finding for each in _CHECKS for finding in each(draft)]
    return sorted(found, key=lambda finding: ("error", "warning", "note").index(finding.level))


def _audience(draft: _Draft) -> Iterator[Finding]:
    contacts, textable = draft.audience.contacts, draft.audience.textable
    if not textable:
        yield Finding(
            "error",
            "Nobody would get this text.",
            "The audience has nobody who may be texted.",
            "Choose another audience, or import contacts together with how they agreed.",
        )
    elif textable < contacts:
        yield Finding(
            "note",
            f"{contacts - textable:,} of {contacts:,} contacts get no text.",
            "They did not agree to such texts, or opted out.",
            "Nothing needs to be done; the report lists them by reason.",
        )


def _hours(draft: _Draft) -> Iterator[Finding]:
    return check_hours(draft.broadcast, draft.audience)


def _links(draft: _Draft) -> Iterator[Finding]:
    count = len(draft.template.urls)
    if not count:
        yield Finding(
            "warning",
            "The text has no link.",
            "Without one there is nothing to tap, and the report knows only who got it.",
            "Add the address of the page that the text is about.",
        )
    if count > MANY_LINKS:
        yield Finding(
            "warning",
            f"The text has {count} different links.",
            "Carriers' filters take texts with many links for spam.",
            "Keep the one that matters.",
        )
    for link in find_links(draft.broadcast.text):
        if "://" not in link.text:
            yield Finding(
                "note",
                f"«{link.text}» is taken as {link.url}.",
                "It was written without http:// or https://.",
                "Write http:// before it if its site has no certificate.",
            )


def _overlooked_links(draft: _Draft) -> Iterator[Finding]:
    text = draft.broadcast.text
    for link in reversed(find_links(text)):
        text = text[: link.start] + text[link.end :]
    if "http://" in text or "https://" in text:
        yield Finding(
            "warning",
            "An address in the text is not tracked.",
            "It stands against other letters, so phones may not see a link in it.",
            "Put a space before it and complete its host name.",
        )


def _pages(draft: _Draft) -> Iterator[Finding]:
    for page in not_working(draft.broadcast):
        worst = page.findings[0]
        what = _("The page of a link did not work: %(address)s") % {"address": page.address}
        yield Finding("warning", what, f"{worst.what} {worst.why}", worst.do)


def _domain(draft: _Draft) -> Iterator[Finding]:
    chosen = draft.broadcast.domain or domain_for(draft.broadcast.workspace)
    if chosen not in usable_domains(draft.broadcast.workspace):
        yield Finding(
            "error",
            f"{as_read(chosen.host)} serves no links of this workspace.",
            "It is not proved any more, or the workspace was moved away from it.",
            "Choose another domain, or prove this one on its page.",
        )
        return
    usual = _usual_domain(draft.broadcast)
    if usual != chosen and not is_local(usual.host):
        yield Finding(
            "warning",
            f"The links go out under {as_read(chosen.host)}; so far they went out under"
            f" {as_read(usual.host)}.",
            "Carriers take a sender whose name changes for one that hides, and ban it (T-Mobile"
            " calls it URL cycling); people trust the name that they know.",
            f"Choose {as_read(usual.host)}, unless the brand has moved for good.",
        )


def _usual_domain(broadcast: Broadcast) -> Domain:
    """Return the domain of the workspace's last broadcast to people, before this one; for the
    first, the one nearest to the workspace."""
    sent = Broadcast.objects.filter(
        workspace=broadcast.workspace, started_at__isnull=False, is_test=False
    )
    others = sent.exclude(pk=broadcast.pk).exclude(domain=None).select_related("domain")
    last = others.order_by("-started_at").first()
    return (last and last.domain) or domain_for(broadcast.workspace)


def _fields(draft: _Draft) -> Iterator[Finding]:
    for name in sorted(draft.template.needed):
        yield Finding(
            "note",
            f"Contacts without '{name}' get no text.",
            "The field has nothing to stand in for it; they are counted as missing_field.",
            f"Write {{{{ {name} | something }}}} to text them too.",
        )


def _only_counted(draft: _Draft) -> Iterator[Finding]:
    rule = only_counted(draft.broadcast.workspace)
    if not rule.countries or not draft.template.urls:
        return
    who = "All recipients" if rule.is_everybody else f"Recipients in {', '.join(rule.countries)}"
    if draft.template.has_personal:
        yield Finding(
            "warning",
            f"{who} get no text: a link in it is made for each person.",
            "They are only counted, and a link for one person would tell who tapped.",
            "Write the links without merge fields.",
        )
        return
    yield Finding(
        "note",
        f"{who} are only counted.",
        "They all get the same link, as this workspace or one above it asks: the report says how"
        " often it was tapped, and nobody can say by whom.",
        "Nothing needs to be done.",
    )


def _price(draft: _Draft) -> Iterator[Finding]:
    parts = draft.first.parts
    if parts.parts >= MANY_PARTS:
        yield Finding(
            "warning",
            f"One text is billed as {parts.parts} parts.",
            f"It has {parts.units} units; a part of a split {parts.encoding} text holds "
            f"{parts.per_part}.",
            "Shorten it.",
        )
    if dear := unusual_characters(draft.first.text):
        yield Finding(
            "note",
            f"«{''.join(dear[:10])}» makes every part shorter.",
            "These characters are not in GSM-7, so a part holds 70 instead of 160.",
            "Replace them by plain ones if the text should cost less.",
        )


def _sender(draft: _Draft) -> Iterator[Finding]:
    yield from sender_findings(draft.broadcast)


def _cost(draft: _Draft) -> Iterator[Finding]:
    yield from cost_findings(draft.broadcast, draft.first.parts.parts, draft.reach)


_CHECKS: tuple[Callable[[_Draft], Iterator[Finding]], ...] = (
    _audience,
    _hours,
    _links,
    _overlooked_links,
    _pages,
    _domain,
    _fields,
    _only_counted,
    _price,
    _sender,
    _cost,
)

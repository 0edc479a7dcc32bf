"""What contacts themselves tell of somebody's history: answers, opt-outs, files, and changes."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext as _

from tapline.contacts.history import Kind, Moment, newest_of
from tapline.contacts.marks import Mark
from tapline.contacts.models import Consent, Contact, Suppression
from tapline.workspaces.audit import names_of_actors
from tapline.workspaces.audit_words import ACTIONS
from tapline.workspaces.models import AuditEntry


def tell_own(contact: Contact, before: Mark | None, limit: int) -> list[Moment]:
    """Return what was said, stopped, imported and changed, as `history.Source` does."""
    return [
        *_consents(contact, before, limit),
        *_opt_outs(contact, before, limit),
        *_changes(contact, before, limit),
        *_arrival(contact, before),
    ]


def _consents(contact: Contact, before: Mark | None, limit: int) -> list[Moment]:
    rows = Consent.objects.filter(contact=contact, contact__workspace=contact.workspace_id)
    found = newest_of(rows.select_related("wording", "scope"), "at", Kind.CONSENT, before, limit)
    return [_consent(each) for each in found]


def _consent(answer: Consent) -> Moment:
    said = _("Said yes to %(purpose)s texts") if answer.given else _("Said no to %(purpose)s texts")
    how = str(answer.evidence.get("how", ""))
    source = _("told by: %(source)s") % {"source": answer.source}
    return Moment(
        kind=Kind.CONSENT,
        pk=answer.pk,
        at=answer.at,
        what=said % {"purpose": answer.get_purpose_display().lower()},
        quote=answer.wording.text if answer.wording else "",
        facts=_filled([_("for %(name)s") % {"name": answer.scope.name}, source, how]),
        is_bad=not answer.given,
    )


def _opt_outs(contact: Contact, before: Mark | None, limit: int) -> list[Moment]:
    rows = Suppression.objects.filter(
        phone_hash=contact.phone_hash, scope__in=contact.workspace.ancestor_ids
    )
    found = newest_of(rows.select_related("scope"), "at", Kind.OPT_OUT, before, limit)
    return [_opt_out(each) for each in found]


def _opt_out(stop: Suppression) -> Moment:
    lifted = stop.lifted_at
    ended = _("ended %(day)s") % {"day": f"{lifted:%Y-%m-%d}"} if lifted else ""
    source = _("told by: %(source)s") % {"source": stop.reason}
    return Moment(
        kind=Kind.OPT_OUT,
        pk=stop.pk,
        at=stop.at,
        what=_("Opted out"),
        facts=_filled([_("for %(name)s") % {"name": stop.scope.name}, source, ended]),
        is_bad=lifted is None,
    )


def _changes(contact: Contact, before: Mark | None, limit: int) -> list[Moment]:
    rows = AuditEntry.objects.filter(
        workspace=contact.workspace_id, object_kind="contact", object_id=contact.pk
    )
    found = list(newest_of(rows, "at", Kind.CHANGE, before, limit))
    names = names_of_actors(entry.actor for entry in found)
    return [
        Moment(
            kind=Kind.CHANGE,
            pk=entry.pk,
            at=entry.at,
            what=ACTIONS[entry.action]() if entry.action in ACTIONS else entry.action,
            facts=_filled([_("by %(name)s") % {"name": names[entry.actor]}, *_changed(entry)]),
        )
        for entry in found
    ]


def _changed(entry: AuditEntry) -> Iterable[str]:
    """Yield «name: before → after» for each thing that an entry says has changed."""
    for name in sorted({*entry.before, *entry.after}):
        old, new = entry.before.get(name), entry.after.get(name)
        if old != new:
            yield f"{name}: {_plain(old)} → {_plain(new)}"


def _plain(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "–"
    return "–" if value in (None, "") else str(value)


def _arrival(contact: Contact, before: Mark | None) -> list[Moment]:
    """Return when they came to be known, and the newest file that named them."""
    told = [
        Moment(kind=Kind.ADDED, pk=contact.pk, at=contact.created_at, what=_("Became a contact"))
    ]
    file = contact.imported_by
    if file is not None and file.workspace_id == contact.workspace_id:
        named = _("Named in the file «%(name)s»") % {"name": file.file_name}
        told.append(
            Moment(kind=Kind.IMPORT, pk=file.pk, at=file.started_at, what=named, import_id=file.pk)
        )
    return [each for each in told if before is None or _comes_before(each.mark, before)]


def _comes_before(mark: Mark, other: Mark) -> bool:
    return (mark.at, mark.kind, mark.pk) < (other.at, other.kind, other.pk)


def _filled(facts: Iterable[str]) -> tuple[str, ...]:
    return tuple(fact for fact in facts if fact)

"""What contacts themselves tell of somebody's history: answers, opt-outs, files, and changes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from tapline.contacts.history import Kind, Moment, newest_of
from tapline.contacts.marks import Mark
from tapline.contacts.models import Consent, Contact, Purpose, Suppression
from tapline.contacts.telling import changed_in_words, doers, moment_in_words, way_in_words
from tapline.workspaces.audit_words import action_words
from tapline.workspaces.models import AuditEntry


def tell_own(contact: Contact, before: Mark | None, limit: int) -> list[Moment]:
    """Return what was said, stopped, imported and changed, as `history.Source` does."""
    stops = list(_stops(contact).select_related("scope"))
    return [
        *_consents(contact, before, limit, {stop.at for stop in stops}),
        *_opt_outs(contact, before, limit, stops),
        *_changes(contact, before, limit),
        *_arrival(contact, before),
    ]


def _consents(
    contact: Contact, before: Mark | None, limit: int, stopped_at: set[dt.datetime]
) -> list[Moment]:
    rows = Consent.objects.filter(contact=contact, contact__workspace=contact.workspace_id)
    # The «no»s of an opt-out are the opt-out, which is told.
    rows = rows.exclude(given=False, at__in=stopped_at)
    rows = rows.select_related("wording", "scope")
    found = list(newest_of(rows, "at", Kind.CONSENT, before, limit))
    by = doers(each.recorded_by for each in found)
    return [_consent(contact, each, by[each.recorded_by]) for each in found]


def _consent(contact: Contact, answer: Consent, by: str) -> Moment:
    said = _("Said yes to %(purpose)s texts") if answer.given else _("Said no to %(purpose)s texts")
    how = str(answer.evidence.get("how", ""))
    way = way_in_words(answer.source)
    return Moment(
        kind=Kind.CONSENT,
        pk=answer.pk,
        at=answer.at,
        what=said % {"purpose": answer.get_purpose_display().lower()},
        quote=answer.wording.text if answer.wording else "",
        facts=_filled([way, how, by, _elsewhere(contact, answer)]),
        is_bad=not answer.given,
    )


def _stops(contact: Contact) -> QuerySet[Suppression]:
    return Suppression.objects.filter(
        phone_hash=contact.phone_hash, scope__in=contact.workspace.ancestor_ids
    )


def _opt_outs(
    contact: Contact, before: Mark | None, limit: int, stops: Sequence[Suppression]
) -> list[Moment]:
    by = _who_stopped(contact, stops)
    marked = [(Mark(at=stop.at, pk=stop.pk, kind=Kind.OPT_OUT), stop) for stop in stops]
    older = [stop for mark, stop in marked if before is None or _comes_before(mark, before)]
    older.sort(key=lambda stop: (stop.at, stop.pk), reverse=True)
    return [_opt_out(contact, stop, by.get(stop.at, "")) for stop in older[:limit]]


def _who_stopped(contact: Contact, stops: Sequence[Suppression]) -> dict[dt.datetime, str]:
    """Return time → who wrote an opt-out down, as the ledger knows."""
    times = [stop.at for stop in stops]
    rows = Consent.objects.filter(contact=contact, given=False, at__in=times)
    found = dict(rows.values_list("at", "recorded_by"))
    by = doers(found.values())
    return {at: by[actor] for at, actor in found.items()}


def _opt_out(contact: Contact, stop: Suppression, by: str) -> Moment:
    purpose = str(Purpose(stop.purpose).label).lower() if stop.purpose else ""
    what = _("Opted out of %(purpose)s texts") if purpose else _("Opted out of all texts")
    ended = ""
    if stop.lifted_at:
        at = moment_in_words(stop.lifted_at, contact.workspace.zone)
        ended = _("until they agreed again: %(moment)s") % {"moment": at}
    return Moment(
        kind=Kind.OPT_OUT,
        pk=stop.pk,
        at=stop.at,
        what=what % {"purpose": purpose},
        facts=_filled([way_in_words(stop.reason), by, _elsewhere(contact, stop), ended]),
        is_bad=stop.lifted_at is None,
    )


def _elsewhere(contact: Contact, answer: Consent | Suppression) -> str:
    """Return whom an answer was given to, where that is not the contact's own workspace."""
    if answer.scope_id == contact.workspace_id:
        return ""
    return _("for %(name)s and all below it") % {"name": answer.scope.name}


def _changes(contact: Contact, before: Mark | None, limit: int) -> list[Moment]:
    rows = AuditEntry.objects.filter(
        workspace=contact.workspace_id, object_kind="contact", object_id=contact.pk
    )
    found = list(newest_of(rows, "at", Kind.CHANGE, before, limit))
    by = doers(entry.actor for entry in found)
    return [
        Moment(
            kind=Kind.CHANGE,
            pk=entry.pk,
            at=entry.at,
            what=action_words(entry.action),
            facts=_filled([*changed_in_words(entry.before, entry.after), by[entry.actor]]),
        )
        for entry in found
    ]


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

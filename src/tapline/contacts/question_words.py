"""A segment's question in words, and what the things that it refers to are called."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from django.db import connection
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from tapline.contacts.question_places import place_name
from tapline.contacts.questions import (
    Added,
    AnyCondition,
    Attribute,
    Consented,
    Imported,
    Language,
    LivesIn,
    Question,
    Received,
    Replied,
    Tagged,
    Tapped,
)
from tapline.workspaces.models import Workspace

# The features that have these tables stand further right and are known here by name.
NAMES_OF = """
-- What some things of some workspaces are called.
select id, {name} from {table} where workspace_id in ({workspaces}) and id in ({ids})
"""

TESTS = {
    "is": gettext_lazy("%(name)s is «%(value)s»"),
    "is_not": gettext_lazy("%(name)s is not «%(value)s»"),
    "contains": gettext_lazy("%(name)s contains «%(value)s»"),
    "begins_with": gettext_lazy("%(name)s begins with «%(value)s»"),
    "at_least": gettext_lazy("%(name)s is %(value)s or more"),
    "at_most": gettext_lazy("%(name)s is %(value)s or less"),
    "is_known": gettext_lazy("%(name)s is known"),
    "is_unknown": gettext_lazy("%(name)s is not known"),
}
DID = {
    "got": gettext_lazy("got «%(name)s»"),
    "not_got": gettext_lazy("did not get «%(name)s»"),
    "tapped": gettext_lazy("tapped in «%(name)s»"),
    "not_tapped": gettext_lazy("got «%(name)s» and did not tap"),
    "held_out": gettext_lazy("got nothing on purpose of «%(name)s»"),
    "failed": gettext_lazy("the text of «%(name)s» failed"),
}
CONSENTED = {
    ("marketing", "agreed"): gettext_lazy("agreed to marketing texts"),
    ("marketing", "not_agreed"): gettext_lazy("may get no marketing texts"),
    ("marketing", "opted_out"): gettext_lazy("opted out of marketing texts"),
    ("service", "agreed"): gettext_lazy("agreed to service texts"),
    ("service", "not_agreed"): gettext_lazy("may get no service texts"),
    ("service", "opted_out"): gettext_lazy("opted out of service texts"),
}


@dataclass(frozen=True, slots=True)
class Names:
    """What the things are called that questions refer to, by id."""

    broadcasts: Mapping[int, str] = field(default_factory=dict)
    imports: Mapping[int, str] = field(default_factory=dict)
    campaigns: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class GroupInWords:
    """One group: its conditions in words, and what joins them («and», «or»)."""

    joined_by: str
    conditions: tuple[str, ...]


def names_for(workspace: Workspace, questions: Iterable[Question]) -> Names:
    """Return the names of everything that some questions of a workspace refer to."""
    conditions = [each for question in questions for each in question.conditions]
    broadcasts = {each.id for each in conditions if isinstance(each, Received)}
    imports = {each.id for each in conditions if isinstance(each, Imported)}
    campaigns = {each.campaign or 0 for each in conditions if isinstance(each, Tapped)} - {0}
    own, above = [workspace.pk], workspace.ancestor_ids
    return Names(
        broadcasts=_named("broadcasts_broadcast", "name", own, broadcasts),
        imports=_named("contacts_contactimport", "file_name", own, imports),
        campaigns=_named("links_campaign", "name", above, campaigns),
    )


def describe(question: Question, names: Names) -> list[GroupInWords]:
    """Return each group of a question in words; none: it asks for everybody."""
    return [
        GroupInWords(
            joined_by=_joined_by(group.match),
            conditions=tuple(describe_condition(each, names) for each in group.conditions),
        )
        for group in question.groups
        if group.conditions
    ]


def in_one_line(question: Question, names: Names) -> str:
    """Return a whole question in one line of words."""
    groups = [f" {each.joined_by} ".join(each.conditions) for each in describe(question, names)]
    if not groups:
        return _("everybody")
    if len(groups) == 1:
        return groups[0]
    return f" {_joined_by(question.match)} ".join(f"({each})" for each in groups)


def describe_condition(condition: AnyCondition, names: Names) -> str:
    """Return what is true of contacts that a condition finds."""
    match condition:
        case Attribute(name=name, test=test, value=value):
            return TESTS[test] % {"name": name.replace("_", " "), "value": value}
        case Tagged(name=name, holds=holds):
            words = _("tagged «%(name)s»") if holds else _("not tagged «%(name)s»")
            return words % {"name": name}
        case Language(code=code, holds=holds):
            words = _("language is %(code)s") if holds else _("language is not %(code)s")
            return words % {"code": code}
        case LivesIn(code=code, holds=holds):
            words = _("lives in %(place)s") if holds else _("does not live in %(place)s")
            return words % {"place": place_name(code)}
        case Consented(purpose=purpose, answer=answer):
            return str(CONSENTED[purpose, answer])
        case Added():
            return _added(condition)
        case Imported(id=number, holds=holds):
            words = _("imported from «%(file)s»") if holds else _("not imported from «%(file)s»")
            return words % {"file": names.imports.get(number, "–")}
        case Received(id=number, did=did):
            return DID[did] % {"name": names.broadcasts.get(number, "–")}
        case Tapped():
            return _tapped(condition, names)
        case Replied(within_days=None, holds=holds):
            return _("ever replied") if holds else _("never replied")
        case Replied(within_days=int() as days, holds=True):
            return ngettext(
                "replied in the last day", "replied in the last %(days)d days", days
            ) % {"days": days}
        case Replied(within_days=int() as days):
            return ngettext(
                "did not reply in the last day", "did not reply in the last %(days)d days", days
            ) % {"days": days}
    raise AssertionError(condition)


def _added(condition: Added) -> str:
    said = []
    if days := condition.within_days:
        said.append(
            ngettext("added in the last day", "added in the last %(days)d days", days)
            % {"days": days}
        )
    if condition.since:
        said.append(_("added since %(day)s") % {"day": date_format(condition.since)})
    if condition.before:
        said.append(_("added before %(day)s") % {"day": date_format(condition.before)})
    return ", ".join(said)


def _tapped(condition: Tapped, names: Names) -> str:
    """Return it in one of eight whole sentences: ever or lately, any text or a campaign's."""
    days = condition.within_days
    filled = {"days": days, "campaign": names.campaigns.get(condition.campaign or 0, "–")}
    if days is None:
        if condition.campaign:
            words = _("tapped in a text of «%(campaign)s»")
            never = _("never tapped in a text of «%(campaign)s»")
        else:
            words, never = _("tapped in any text"), _("never tapped")
    elif condition.campaign:
        words = ngettext(
            "tapped in a text of «%(campaign)s» in the last day",
            "tapped in a text of «%(campaign)s» in the last %(days)d days",
            days,
        )
        never = ngettext(
            "did not tap in a text of «%(campaign)s» in the last day",
            "did not tap in a text of «%(campaign)s» in the last %(days)d days",
            days,
        )
    else:
        words = ngettext("tapped in the last day", "tapped in the last %(days)d days", days)
        never = ngettext(
            "did not tap in the last day", "did not tap in the last %(days)d days", days
        )
    return (words if condition.holds else never) % filled


def _joined_by(match: str) -> str:
    return _("and") if match == "all" else _("or")


def _named(table: str, name: str, workspaces: Iterable[int], ids: set[int]) -> dict[int, str]:
    if not ids:
        return {}
    statement = NAMES_OF.format(
        table=table, name=name, workspaces=_listed(workspaces), ids=_listed(ids)
    )
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return dict(cursor.fetchall())


def _listed(ids: Iterable[int]) -> str:
    return ", ".join(str(int(each)) for each in ids)

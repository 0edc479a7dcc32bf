"""Pages about keywords: what they did, one keyword, writing and ending it."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect

from tapline.contacts.models import Purpose
from tapline.errors import TaplineError
from tapline.keywords.models import Keyword
from tapline.keywords.reports import report_keywords
from tapline.keywords.watched import addresses_in, failing_in, look_at_reply
from tapline.keywords.writing import (
    KeywordDetails,
    change_keyword,
    create_keyword,
    end_keyword,
    looks_like_stop,
)
from tapline.links.goals import campaign_named, offer_named, offered_names
from tapline.web.visits import Visit, inside
from tapline.workspaces.access import Need

USES_SHOWN = 50


@inside(Need.RATES)
def list_keywords(visit: Visit) -> HttpResponse:
    """Show the workspace's keywords and what they did; those in force first."""
    found = Keyword.objects.filter(workspace=visit.workspace).order_by("ended_at", "-id")
    context = {"room": "keywords", "reports": report_keywords(list(found))}
    return visit.render("keywords/list.html", context)


@inside(Need.EDIT, "GET", "HEAD", "POST")
def create(visit: Visit) -> HttpResponse:
    """Write a new keyword."""
    if visit.request.method != "POST":
        return visit.render("keywords/edit.html", _choices(visit))
    try:
        keyword = create_keyword(visit.workspace, _details(visit), actor=visit.actor)
    except TaplineError as error:
        context = _choices(visit) | {"error": error, "filled": visit.request.POST}
        return visit.render("keywords/edit.html", context, status=422)
    return redirect("keywords:show", visit.workspace.pk, keyword.pk)


@inside(Need.RATES)
def show(visit: Visit, keyword_id: int) -> HttpResponse:
    """Show one keyword: what it does, what it did, and (to who may see people) its last texts."""
    keyword = _find(visit, keyword_id)
    uses = keyword.uses.select_related("reply", "contact").order_by("-id")
    (report,) = report_keywords([keyword])
    context = {
        "room": "keywords",
        "keyword": keyword,
        "report": report,
        "uses": uses[:USES_SHOWN] if visit.access.sees_people else [],
        "gathered": keyword.gathered.filter(broadcast__workspace=visit.workspace).select_related(
            "broadcast"
        ),
        "looks_like_stop": looks_like_stop(keyword.word),
        "failing": failing_in(keyword),
        "has_links": bool(addresses_in(keyword.reply_text)),
    }
    return visit.render("keywords/keyword.html", context)


@inside(Need.EDIT, "POST")
def show_destinations(visit: Visit) -> HttpResponse:
    """Show, as a fragment, how the pages are that a reply leads to, also one that is being
    written. Looking is the worker's: the fragment asks again until all is known."""
    told = look_at_reply(visit.workspace, visit.form("reply_text"))
    context = {"destinations": told, "is_waiting": any(each.is_waiting for each in told)}
    return visit.render("keywords/_destinations.html", context)


@inside(Need.EDIT, "GET", "HEAD", "POST")
def change(visit: Visit, keyword_id: int) -> HttpResponse:
    """Change a keyword: texts that come from now on get the new reply."""
    keyword = _find(visit, keyword_id)
    context = _choices(visit) | {"keyword": keyword, "filled": _as_filled(keyword)}
    if visit.request.method != "POST":
        return visit.render("keywords/edit.html", context)
    try:
        change_keyword(keyword, _details(visit), actor=visit.actor)
    except TaplineError as error:
        context |= {"error": error, "filled": visit.request.POST}
        return visit.render("keywords/edit.html", context, status=422)
    return redirect("keywords:show", visit.workspace.pk, keyword.pk)


@inside(Need.EDIT, "POST")
def end(visit: Visit, keyword_id: int) -> HttpResponse:
    """End a keyword; its report stays."""
    end_keyword(_find(visit, keyword_id), actor=visit.actor)
    return redirect("keywords:list", visit.workspace.pk)


def _find(visit: Visit, keyword_id: int) -> Keyword:
    return get_object_or_404(
        Keyword.objects.select_related("workspace", "campaign", "offer", "wording"),
        pk=keyword_id,
        workspace=visit.workspace,
    )


def _choices(visit: Visit) -> dict[str, object]:
    return {
        "room": "keywords",
        "purposes": [("", "–"), *Purpose.choices],
        **offered_names(visit.workspace),
        "filled": {"forgives": "on"},
    }


def _as_filled(keyword: Keyword) -> dict[str, str]:
    return {
        "word": keyword.word,
        "number": keyword.number,
        "only_word": "on" if keyword.only_word else "",
        "forgives": "on" if keyword.forgives else "",
        "reply_text": keyword.reply_text,
        "campaign": keyword.campaign.name if keyword.campaign else "",
        "offer": keyword.offer.name if keyword.offer else "",
        "tags": ", ".join(keyword.tags),
        "purpose": keyword.purpose,
        "wording": keyword.wording.text if keyword.wording else "",
        "told": ", ".join(keyword.told),
    }


def _details(visit: Visit) -> KeywordDetails:
    return KeywordDetails(
        word=visit.form("word"),
        number=visit.form("number"),
        only_word=bool(visit.form("only_word")),
        forgives=bool(visit.form("forgives")),
        reply_text=visit.form("reply_text").replace("\r\n", "\n"),
        campaign=campaign_named(visit.workspace, visit.form("campaign")),
        offer=offer_named(visit.workspace, visit.form("offer")),
        tags=_listed(visit.form("tags")),
        purpose=visit.form("purpose"),
        wording=visit.form("wording"),
        told=_listed(visit.form("told")),
    )


def _listed(raw: str) -> tuple[str, ...]:
    return tuple(item.strip() for item in raw.split(",") if item.strip())

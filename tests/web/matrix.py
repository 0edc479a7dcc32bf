"""Who gets which answer from every page and every call of the API: one visible table.

A page or call that is added fails `test_walls.py` until it has its line here. `get` and `post` name
the least that somebody must be allowed to; what is not named is answered 405.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tapline.workspaces.access import Need

RATES, PEOPLE, EDIT, MANAGE, OWN = Need


@dataclass(frozen=True)
class Page:
    """One address of a workspace. `then`: what those who may get instead of a page or a change."""

    get: Need | None = None
    post: Need | None = None
    then: tuple[int, ...] = ()


PAGES: dict[str, Page] = {
    "web:home": Page(get=RATES),
    "web:taps": Page(get=PEOPLE),
    "web:health": Page(get=MANAGE),
    "workspaces:settings": Page(get=PEOPLE),
    "workspaces:change": Page(post=MANAGE),
    "workspaces:members": Page(get=PEOPLE),
    "workspaces:leave": Page(post=PEOPLE, then=(302, 404, 422)),  # those above are no members
    "workspaces:invite": Page(post=OWN),
    "workspaces:uninvite": Page(post=OWN),
    "workspaces:change-member": Page(post=OWN),
    "workspaces:remove-member": Page(post=OWN),
    "workspaces:keys": Page(get=MANAGE, post=MANAGE),
    "workspaces:revoke-key": Page(post=MANAGE),
    "workspaces:below": Page(get=OWN, post=OWN),
    "workspaces:privacy": Page(get=MANAGE, post=MANAGE),
    "workspaces:audit": Page(get=MANAGE),
    "workspaces:export-audit": Page(get=MANAGE),
    "broadcasts:list": Page(get=RATES),
    "broadcasts:new": Page(get=EDIT, post=EDIT),
    "broadcasts:preview": Page(post=EDIT),
    "broadcasts:reach": Page(post=EDIT),
    "broadcasts:keep": Page(post=EDIT),
    "broadcasts:texts": Page(get=RATES),
    "broadcasts:text-new": Page(get=EDIT, post=EDIT),
    "broadcasts:text": Page(get=EDIT, post=EDIT),
    "broadcasts:text-delete": Page(post=EDIT),
    "broadcasts:words": Page(get=MANAGE, post=MANAGE),
    "broadcasts:destinations": Page(post=EDIT),
    "broadcasts:show": Page(get=RATES),
    "broadcasts:failing": Page(get=RATES),
    "broadcasts:compose": Page(get=EDIT, post=EDIT),
    "broadcasts:findings": Page(get=EDIT),
    "broadcasts:live": Page(get=RATES),
    "broadcasts:details": Page(get=RATES),
    "broadcasts:recipients": Page(get=PEOPLE),
    "broadcasts:openings": Page(get=PEOPLE),
    "broadcasts:schedule": Page(post=EDIT),
    "broadcasts:act": Page(post=EDIT),
    "contacts:list": Page(get=PEOPLE, post=PEOPLE),
    "contacts:show": Page(get=PEOPLE),
    "contacts:consent-pdf": Page(get=PEOPLE),
    "contacts:export": Page(get=PEOPLE),
    "contacts:stop": Page(post=EDIT),
    "contacts:role": Page(post=EDIT),
    "contacts:notice": Page(get=PEOPLE),
    "contacts:publish-notice": Page(post=MANAGE),
    "contacts:withdraw-notice": Page(post=MANAGE),
    "contacts:upload": Page(get=EDIT, post=EDIT),
    "contacts:imports": Page(get=PEOPLE),
    "contacts:imported": Page(get=PEOPLE),
    "contacts:progress": Page(get=PEOPLE),
    "contacts:go-on": Page(post=EDIT, then=(404,)),  # the import is over
    "contacts:refused": Page(get=PEOPLE),
    "contacts:import": Page(get=EDIT, post=EDIT),
    "insights:what-works": Page(get=RATES),
    "keywords:list": Page(get=RATES),
    "keywords:new": Page(get=EDIT, post=EDIT),
    "keywords:show": Page(get=RATES),
    "keywords:change": Page(get=EDIT, post=EDIT),
    "keywords:end": Page(post=EDIT),
    "replies:list": Page(get=PEOPLE, post=PEOPLE),
    "replies:decisions": Page(get=PEOPLE),
    "replies:decide": Page(post=EDIT),
    "replies:settings": Page(get=EDIT),
    "replies:choose-mails": Page(post=EDIT),
    "replies:change-words": Page(post=EDIT),
    "replies:change-reach": Page(post=MANAGE),
    "replies:list-of": Page(get=PEOPLE, post=PEOPLE),
    "replies:list-live": Page(get=PEOPLE),
    "replies:show": Page(get=PEOPLE),
    "replies:live": Page(get=PEOPLE),
    "replies:answer": Page(post=EDIT),
    "replies:parts": Page(post=EDIT),
    "replies:read": Page(post=EDIT),
    "replies:assign": Page(post=EDIT),
    "replies:done": Page(post=EDIT),
    "replies:reopen": Page(post=EDIT),
    "replies:opt-out": Page(post=EDIT),
    "signups:list": Page(get=PEOPLE),
    "signups:new": Page(get=EDIT, post=EDIT),
    "signups:show": Page(get=PEOPLE),
    "signups:change": Page(get=EDIT, post=EDIT),
    "signups:switch": Page(post=EDIT),
    "signups:qr": Page(get=PEOPLE),
    "hours:show": Page(get=EDIT),
    "hours:change": Page(post=MANAGE),
    "hours:replace": Page(post=MANAGE),
    "links:list": Page(get=RATES),
    "links:new": Page(get=EDIT, post=EDIT),
    "links:show": Page(get=RATES),
    "links:destination": Page(post=EDIT),
    "links:standing": Page(get=RATES),
    "links:look": Page(post=EDIT),
    "links:switch": Page(post=EDIT),
    "links:expiry": Page(post=EDIT),
    "links:card": Page(post=EDIT),
    "links:add-alias": Page(post=EDIT),
    "links:remove-alias": Page(post=EDIT),
    "links:domains": Page(get=MANAGE),
    "links:add-domain": Page(post=MANAGE),
    "links:domain": Page(get=MANAGE),
    "links:check-domain": Page(post=MANAGE),
    "links:vouch-domain": Page(post=MANAGE, then=(302, 403)),  # only those above may
    "links:domain-answers": Page(post=MANAGE),
    "links:move-domain": Page(post=MANAGE),
    "links:remove-domain": Page(post=MANAGE),
    "providers:list": Page(get=MANAGE),
    "providers:new": Page(get=MANAGE, post=MANAGE),
    "providers:show": Page(get=MANAGE),
    "providers:change": Page(get=MANAGE, post=MANAGE),
    "providers:test": Page(post=MANAGE),
    "providers:prices": Page(post=MANAGE),
    "providers:retire": Page(post=MANAGE),
    "providers:senders": Page(get=MANAGE),
    "providers:add-sender": Page(get=MANAGE, post=MANAGE),
    "providers:sender": Page(get=MANAGE, post=MANAGE),
    "providers:retire-sender": Page(post=MANAGE),
}


@dataclass(frozen=True)
class Call:
    """One operation of the API: its scope, a body that is good for the owner of what it names, and
    whether the workspace above may make it too (rates, no people)."""

    scope: str
    body: Any = None
    from_above: bool = False


NOW = "2026-01-01T00:00:00Z"
CALLS: dict[str, Call] = {
    "POST /contacts": Call("contacts:write"),
    "GET /contacts": Call("contacts:read"),
    "POST /contacts/find": Call("contacts:read"),
    "GET /contacts/{contact_id}": Call("contacts:read"),
    "POST /contacts/{contact_id}/tags": Call("contacts:write", {"add": ["vip"]}),
    "PUT /contacts/{contact_id}/role": Call("contacts:write", {"role": "staff"}),
    "GET /contacts/{contact_id}/consents": Call("contacts:read"),
    "POST /contacts/{contact_id}/consents": Call(
        "contacts:write", {"purpose": "service", "given": False, "at": NOW}
    ),
    "POST /contacts/{contact_id}/opt-out": Call("contacts:write", {"reason": "letter"}),
    "POST /segments": Call("contacts:write"),
    "GET /segments": Call("contacts:read"),
    "POST /segments/count": Call("contacts:read"),
    "GET /segments/{segment_id}": Call("contacts:read"),
    "PUT /segments/{segment_id}": Call("contacts:write", {"name": "Lately", "question": {}}),
    "DELETE /segments/{segment_id}": Call("contacts:write"),
    "GET /segments/{segment_id}/count": Call("contacts:read"),
    "POST /links": Call("links:write"),
    "GET /links": Call("links:read"),
    "GET /links/{link_id}": Call("links:read"),
    "PATCH /links/{link_id}": Call("links:write", {"disabled": True}),
    "POST /links/{link_id}/aliases": Call("links:write", {"path": "menu"}),
    "DELETE /links/{link_id}/aliases/{alias}": Call("links:write"),
    "POST /destinations": Call("links:write"),
    "GET /destinations/failing": Call("links:read"),
    "GET /campaigns": Call("links:read"),
    "POST /domains": Call("domains:write"),
    "GET /domains": Call("domains:read"),
    "GET /domains/{domain_id}": Call("domains:read"),
    "PATCH /domains/{domain_id}": Call("domains:write", {"brand_name": "Casa Verde"}),
    "POST /domains/{domain_id}/check": Call("domains:write"),
    "GET /provider-accounts": Call("providers:read"),
    "POST /provider-accounts": Call("providers:write"),
    "PATCH /provider-accounts/{account_id}": Call("providers:write", {"name": "Main"}),
    "DELETE /provider-accounts/{account_id}": Call("providers:write"),
    "POST /provider-accounts/{account_id}/test": Call("providers:write"),
    "GET /sender-numbers": Call("providers:read"),
    "POST /sender-numbers": Call("providers:write"),
    "PATCH /sender-numbers/{sender_id}": Call("providers:write", {"parts_per_day": 50}),
    "DELETE /sender-numbers/{sender_id}": Call("providers:write"),
    "GET /hours": Call("hours:read"),
    "PATCH /hours": Call("hours:write"),
    "POST /keywords": Call("keywords:write"),
    "GET /keywords": Call("keywords:read"),
    "GET /keywords/{keyword_id}": Call("keywords:read"),
    "PUT /keywords/{keyword_id}": Call("keywords:write", {"word": "CALZONE"}),
    "POST /keywords/{keyword_id}/end": Call("keywords:write", {}),
    "GET /replies": Call("replies:read"),
    "POST /replies/{reply_id}/decide": Call("replies:write", {"is_wish": False}),
    "GET /threads": Call("replies:read"),
    "POST /threads/find": Call("replies:read"),
    "GET /threads/{thread_id}": Call("replies:read"),
    "GET /threads/{thread_id}/items": Call("replies:read"),
    "POST /threads/{thread_id}/answers": Call("replies:write", {"text": "Yes."}),
    "POST /threads/{thread_id}/assign": Call("replies:write", {"user": None}),
    "POST /threads/{thread_id}/read": Call("replies:write", {"up_to": 0}),
    "POST /threads/{thread_id}/done": Call("replies:write", {}),
    "POST /threads/{thread_id}/reopen": Call("replies:write", {}),
    "POST /messages": Call("messages:send"),
    "GET /messages/{message_id}": Call("messages:send"),
    "POST /broadcasts": Call("broadcasts:write"),
    "GET /broadcasts": Call("broadcasts:read"),
    "GET /broadcasts/{broadcast_id}": Call("broadcasts:read"),
    "POST /broadcasts/{broadcast_id}/check": Call("broadcasts:read", {}),
    "POST /broadcasts/{broadcast_id}/start": Call("broadcasts:write", {"at": None}),
    "POST /broadcasts/{broadcast_id}/pause": Call("broadcasts:write", {}),
    "POST /broadcasts/{broadcast_id}/resume": Call("broadcasts:write", {}),
    "POST /broadcasts/{broadcast_id}/cancel": Call("broadcasts:write", {}),
    "GET /broadcasts/{broadcast_id}/report": Call("reports:read", from_above=True),
    "GET /reports/campaigns/{campaign_id}": Call("reports:read"),
    "GET /clicks": Call("clicks:read"),
    "POST /track": Call(
        "track:write",
        {"broadcast_id": "{tracked_id}", "texts": [{"to": "+12125550100", "text": "hi"}]},
    ),
    "POST /receipts": Call("receipts:write"),
    "GET /only-counted": Call("settings:read"),
    "PUT /only-counted": Call("settings:write"),
}


# Addresses of no workspace: what somebody gets who is not signed in, and why that is right.
OPEN: dict[str, tuple[int, str]] = {
    "": (302, "leads to signing in"),
    "-/health": (200, "for load balancers: says only that the process answers"),
    "sign-in": (200, "says how to sign in"),
    "sign-in/<str:token>": (422, "the token is what signs in; this one is made up"),
    "invitation/<str:token>": (422, "the token is what invites; this one is made up"),
    "sign-out": (405, "a POST"),
    "workspaces": (302, "leads to signing in"),
    "join/<str:token>": (404, "the public page of a sign-up form; this token is made up"),
    "join/<str:token>/thanks": (404, "the same"),
    "privacy/<str:token>": (404, "the public notice of a workspace; this token is made up"),
    "hooks/simulator/receipts": (405, "a POST of the simulator, signed"),
    "hooks/simulator/replies": (405, "the same"),
    "static/tapline/<str:name>": (404, "bundled files; there is none of this name"),
    "api/v1/openapi.json": (200, "the description of the API is public"),
    "api/v1/": (404, "no call"),
    "api/v1/<path:address>": (404, "no call"),
}

"""What everything that writes leaves in the audit, or why it leaves nothing: one visible table.

A page or call that is added fails `test_written_down.py` until it has its line here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.broadcasts.test_pages import FORM
from tests.keywords.test_pages import FILLED as KEYWORD
from tests.providers.test_pages import TWILIO
from tests.signups.test_pages import FILLED as SIGN_UP


@dataclass(frozen=True)
class Leaves:
    """What is written down, with a form or body that makes it; `after` is posted first."""

    action: str
    form: Any = None
    after: str = ""


READS = "it reads: a POST keeps numbers out of addresses, or asks somebody else how they are"
OWN = "it concerns only whoever does it"
TEXT = "the text that leaves is kept, with who asked for it"
LEDGER = "the ledger of consent says who, when and why, and is never changed"
PEOPLE = "people's data comes by the thousand; how each came is kept with the contact"
ELSEWHERE = "what this house does not allow is tried in the feature's own tests"
NOT_RESTORED = "nothing is closed where nothing was restored: tests/instance/test_access.py"

SENDER = {
    "kind": "long_code",
    "number": "+12125550102",
    "provider": "twilio:{account_id}",
    "registration": "done",
}
WORKSPACE = {"name": "Panadería", "language": "es", "zone": "Europe/Madrid"}
DRAFT = {"name": "Sale", "text": "Hi, see example.com", "audience": {"all": True}}
SEGMENT = {
    "name": "Agreed",
    "step": "save",
    "g0.match": "all",
    "g0.c0.kind": "consent",
    "g0.c0.answer": "agreed",
    "g0.c0.purpose": "marketing",
}
NOW = "2026-01-01T00:00:00Z"

PAGES: dict[str, Leaves | str] = {
    "workspaces:change": Leaves("workspace.changed", WORKSPACE | {"default_country": "ES"}),
    "workspaces:leave": Leaves("member.removed"),
    "workspaces:invite": Leaves("member.invited", {"email": "x@example.com", "role": "viewer"}),
    "workspaces:uninvite": Leaves("member.uninvited"),
    "workspaces:change-member": Leaves("member.set", {"role": "manager"}),
    "workspaces:remove-member": Leaves("member.removed"),
    "workspaces:reset-factor": ELSEWHERE,
    "workspaces:move": ELSEWHERE,
    "workspaces:second-factor": Leaves("workspace.second_factor", {"needed": "on"}),
    "workspaces:keys": Leaves("api_key.created", {"name": "Till", "may": "read"}),
    "workspaces:open-key": NOT_RESTORED,
    "workspaces:revoke-key": Leaves("api_key.revoked"),
    "workspaces:below": Leaves("workspace.created", {"name": "B", "owner": "b@example.com"}),
    "workspaces:privacy": Leaves("workspace.only_counted_changed", {"countries": "DE"}),
    "welcome:set-up": Leaves("workspace.set_up", WORKSPACE | {"country": "ES"}),
    "welcome:make-sample": ELSEWHERE,  # it holds the instance's sample already
    "welcome:remove-sample": "sample data goes as a whole, and its audit with it",
    "welcome:phone": TEXT,
    "broadcasts:new": Leaves("broadcast.created", FORM),
    "broadcasts:compose": Leaves("broadcast.changed", FORM | {"name": "Other"}),
    "broadcasts:act": Leaves("broadcast.cancelled"),
    "broadcasts:confirm": ELSEWHERE,
    "broadcasts:take-back": ELSEWHERE,
    "broadcasts:test": ELSEWHERE,
    "broadcasts:preview": READS,
    "broadcasts:reach": READS,
    "broadcasts:destinations": READS,
    "broadcasts:pictures": ELSEWHERE,  # it takes a file: tests/broadcasts/test_pictures.py
    "broadcasts:keep": "a draft that keeps itself every few seconds; saving it is written down",
    "broadcasts:words": Leaves("style_words.set", {"words": "cheap"}),
    "broadcasts:text-new": Leaves("saved_text.created", FORM | {"name": "Fresh"}),
    "broadcasts:text": Leaves("saved_text.changed", FORM | {"name": "Other"}),
    "broadcasts:text-delete": Leaves("saved_text.deleted"),
    "broadcasts:recipients": READS,
    "broadcasts:make-segment": Leaves("segment.created", {"name": "Fresh"}),
    "broadcasts:sharing": Leaves("report.shared", {"days": "30"}),
    "broadcasts:withdraw-share": Leaves("report.withdrawn"),
    "broadcasts:open-share": NOT_RESTORED,
    "broadcasts:export-recipients": Leaves("broadcast.exported"),
    "broadcasts:export-openings": Leaves("broadcast.exported"),
    "contacts:list": READS,
    "contacts:several": Leaves("tag.added", {"do": "tag", "word": "vip", "whom": "all"}),
    "contacts:new-segment": Leaves("segment.created", SEGMENT),
    "contacts:count-segment": READS,
    "contacts:edit-segment": Leaves("segment.changed", SEGMENT),
    "contacts:delete-segment": Leaves("segment.deleted"),
    "contacts:erase": Leaves("contact.erased", {"digits": "0100"}),
    "contacts:stop": LEDGER,
    "contacts:change": Leaves("contact.changed", {"attribute.first_name": "Anna", "tags": "vip"}),
    "contacts:role": Leaves("contact.role_changed", {"role": "staff"}),
    "contacts:publish-notice": Leaves("notice.published"),
    "contacts:withdraw-notice": Leaves("notice.withdrawn", after="contacts:publish-notice"),
    "contacts:upload": "a file that nobody imports goes after a day",
    "contacts:import": Leaves("contacts.imported", {"step": "import", "column_phone": "phone"}),
    "contacts:go-on": ELSEWHERE,
    "keywords:destinations": READS,
    "keywords:new": Leaves("keyword.created", KEYWORD | {"word": "Calzone"}),
    "keywords:change": Leaves("keyword.changed", KEYWORD | {"word": "Calzone"}),
    "keywords:end": Leaves("keyword.ended"),
    "replies:list": READS,
    "replies:list-of": READS,
    "replies:parts": READS,
    "replies:decide": Leaves("reply.decided"),
    "replies:choose-mails": OWN,
    "replies:change-words": Leaves("conversation.words_changed", {"brand": "Harbour Bread"}),
    "replies:change-reach": ELSEWHERE,
    "replies:answer": TEXT,
    "replies:read": "what somebody saw is no change",
    "replies:assign": Leaves("thread.assigned", {"user": "{owner_id}"}),
    "replies:done": Leaves("thread.done"),
    "replies:reopen": Leaves("thread.reopened", after="replies:done"),
    "replies:opt-out": Leaves("thread.opted_out"),
    "signups:new": Leaves("sign_up_form.created", SIGN_UP),
    "signups:change": Leaves("sign_up_form.changed", SIGN_UP | {"title": "Other"}),
    "signups:switch": Leaves("sign_up_form.closed"),
    "hours:change": Leaves("hours.changed", {"own_hours": "9-20"}),
    "hours:replace": Leaves("hours.changed", {"region": "FR", "hours": "9-20"}),
    "links:new": Leaves(
        "link.created", {"destination": "https://www.example.com/sale", "path": "sale-poster"}
    ),
    "links:bulk": "nothing is made of it yet",
    "links:make-table": Leaves("links.made"),
    "links:check-table": "what was made before stays, and more is made by another word",
    "links:discard-table": "nothing was made of it",
    "links:look": READS,
    "links:utm": READS,
    "links:destination": Leaves(
        "link.destination_changed", {"destination": "https://www.example.com/new"}
    ),
    "links:switch": Leaves("link.disabled", {"to": "off"}),
    "links:expiry": Leaves("link.expiry_changed", {"expires_at": "2031-01-15T12:00"}),
    "links:goals": Leaves("link.goals_changed", {"campaign": "Summer"}),
    "links:card": Leaves("link.card_changed", {"title": "The menu"}),
    "links:add-alias": Leaves("alias.created", {"path": "menu"}),
    "links:remove-alias": Leaves("alias.deleted"),
    "links:add-domain": Leaves("domain.created", {"base_url": "new.example.com"}),
    "links:check-domain": READS,
    "links:vouch-domain": ELSEWHERE,
    "links:domain-answers": Leaves("domain.changed", {"brand_name": "Casa Verde"}),
    "links:move-domain": ELSEWHERE,
    "links:remove-domain": ELSEWHERE,
    "providers:new": Leaves("provider_account.created", TWILIO | {"kind": "twilio"}),
    "providers:change": Leaves("provider_account.changed", TWILIO),
    "providers:test": READS,
    "providers:prices": Leaves("provider_account.prices"),
    "providers:retire": Leaves("provider_account.retired"),
    "providers:add-sender": Leaves("sender_number.added", SENDER),
    "providers:sender": Leaves("sender_number.changed", SENDER | {"parts_per_day": "50"}),
    "providers:retire-sender": Leaves("sender_number.retired"),
}

CALLS: dict[str, Leaves | str] = {
    "POST /contacts": PEOPLE,
    "POST /contacts/find": READS,
    "POST /contacts/{contact_id}/tags": PEOPLE,
    "PUT /contacts/{contact_id}/role": Leaves("contact.role_changed"),
    "POST /contacts/{contact_id}/consents": LEDGER,
    "POST /contacts/{contact_id}/opt-out": LEDGER,
    "POST /segments": Leaves("segment.created", {"name": "Lately", "question": {}}),
    "POST /segments/count": READS,
    "PUT /segments/{segment_id}": Leaves("segment.changed"),
    "DELETE /segments/{segment_id}": Leaves("segment.deleted"),
    "POST /links": Leaves("link.created", {"destination": "https://www.example.com/a"}),
    "POST /links/bulk": Leaves("links.made"),
    "PATCH /links/{link_id}": Leaves("link.disabled"),
    "POST /links/{link_id}/aliases": Leaves("alias.created"),
    "DELETE /links/{link_id}/aliases/{alias}": Leaves("alias.deleted"),
    "POST /destinations": READS,
    "POST /domains": Leaves("domain.created", {"host": "new.example.com"}),
    "PATCH /domains/{domain_id}": Leaves("domain.changed"),
    "POST /domains/{domain_id}/check": READS,
    "POST /provider-accounts": ELSEWHERE,
    "PATCH /provider-accounts/{account_id}": Leaves("provider_account.changed"),
    "DELETE /provider-accounts/{account_id}": Leaves("provider_account.retired"),
    "POST /provider-accounts/{account_id}/test": READS,
    "POST /sender-numbers": ELSEWHERE,
    "PATCH /sender-numbers/{sender_id}": Leaves("sender_number.changed"),
    "DELETE /sender-numbers/{sender_id}": Leaves("sender_number.retired"),
    "PATCH /hours": Leaves("hours.changed", {"own_hours": "9-20"}),
    "POST /keywords": Leaves("keyword.created", {"word": "CALZONE", "reply_text": "Hot."}),
    "PUT /keywords/{keyword_id}": Leaves("keyword.changed"),
    "POST /keywords/{keyword_id}/end": Leaves("keyword.ended"),
    "POST /replies/{reply_id}/decide": Leaves("reply.decided"),
    "POST /threads/find": READS,
    "POST /threads/{thread_id}/answers": TEXT,
    "POST /threads/{thread_id}/assign": "nobody has it, and nobody gets it: see the page",
    "POST /threads/{thread_id}/read": "what somebody saw is no change",
    "POST /threads/{thread_id}/done": Leaves("thread.done"),
    "POST /threads/{thread_id}/reopen": "it is open: see the page",
    "POST /messages": TEXT,
    "POST /pictures": ELSEWHERE,
    "POST /broadcasts": Leaves("broadcast.created", DRAFT),
    "POST /broadcasts/{broadcast_id}/check": READS,
    "POST /broadcasts/{broadcast_id}/start": Leaves("broadcast.started"),
    "POST /broadcasts/{broadcast_id}/unschedule": ELSEWHERE,
    "POST /broadcasts/{broadcast_id}/test": ELSEWHERE,
    "POST /broadcasts/{broadcast_id}/pause": ELSEWHERE,
    "POST /broadcasts/{broadcast_id}/resume": ELSEWHERE,
    "POST /broadcasts/{broadcast_id}/cancel": Leaves("broadcast.cancelled"),
    "POST /track": TEXT,
    "POST /receipts": "what became of a text is kept with the text",
    "PUT /only-counted": Leaves("workspace.only_counted_changed", {"countries": ["DE"]}),
}

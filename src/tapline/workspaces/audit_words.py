"""What the audit's codes mean in people's words: each action and each kind of thing, once."""

from __future__ import annotations

from collections.abc import Callable

from django.utils.translation import gettext as _

Words = Callable[[], str]

ACTIONS: dict[str, Words] = {
    "alias.created": lambda: _("Made an alias"),
    "alias.deleted": lambda: _("Removed an alias"),
    "api_key.created": lambda: _("Made an API key"),
    "api_key.held": lambda: _("Closed an API key, since the instance was restored"),
    "api_key.opened": lambda: _("Let an API key in again after a restore"),
    "api_key.revoked": lambda: _("Revoked an API key"),
    "broadcast.cancelled": lambda: _("Stopped a broadcast for good"),
    "broadcast.changed": lambda: _("Changed a broadcast"),
    "broadcast.created": lambda: _("Wrote a broadcast"),
    "broadcast.exported": lambda: _("Took a broadcast's figures or people away as a file"),
    "broadcast.not_ready": lambda: _("Held a broadcast that was not ready"),
    "broadcast.paused": lambda: _("Paused a broadcast"),
    "broadcast.resumed": lambda: _("Went on with a broadcast"),
    "broadcast.scheduled": lambda: _("Scheduled a broadcast"),
    "broadcast.started": lambda: _("Started a broadcast"),
    "broadcast.unscheduled": lambda: _("Took a scheduled broadcast back"),
    "contact.changed": lambda: _("Changed a contact"),
    "contact.erased": lambda: _("Erased a contact"),
    "contact.role_changed": lambda: _("Marked a contact"),
    "contact.roles_changed": lambda: _("Marked several contacts"),
    "contacts.export_ended": lambda: _("Took a file of contacts to its end"),
    "contacts.exported": lambda: _("Began to take a file of contacts"),
    "contacts.imported": lambda: _("Imported contacts from a file"),
    "conversation.reach_changed": lambda: _("Changed how far an opt-out reaches"),
    "conversation.words_changed": lambda: _("Changed what is said by itself"),
    "domain.changed": lambda: _("Changed a domain"),
    "domain.claim_ended": lambda: _("Ended a claim to a domain"),
    "domain.created": lambda: _("Added a domain"),
    "domain.host_changed": lambda: _("Changed the name of a domain"),
    "domain.key_rotated": lambda: _("Gave a domain a new key"),
    "domain.proof_missing": lambda: _("Missed the record of a domain"),
    "domain.proved": lambda: _("Proved a domain"),
    "domain.removed": lambda: _("Removed a domain"),
    "hours.changed": lambda: _("Changed quiet hours"),
    "keyword.changed": lambda: _("Changed a keyword"),
    "keyword.created": lambda: _("Made a keyword"),
    "keyword.ended": lambda: _("Ended a keyword"),
    "link.card_changed": lambda: _("Changed the preview of a link"),
    "link.created": lambda: _("Made a link"),
    "link.destination_changed": lambda: _("Changed where a link leads"),
    "link.disabled": lambda: _("Switched a link off"),
    "link.enabled": lambda: _("Switched a link on"),
    "link.expiry_changed": lambda: _("Changed when a link ends"),
    "link.goals_changed": lambda: _("Changed the campaign or offer of a link"),
    "member.invited": lambda: _("Invited somebody"),
    "member.removed": lambda: _("Removed a member"),
    "member.set": lambda: _("Made somebody a member, or changed their role"),
    "member.uninvited": lambda: _("Withdrew an invitation"),
    "notice.changed": lambda: _("Changed what recipients can read"),
    "notice.published": lambda: _("Published what is kept about recipients"),
    "notice.withdrawn": lambda: _("Took back what recipients could read"),
    "provider_account.changed": lambda: _("Changed a provider account"),
    "provider_account.created": lambda: _("Added a provider account"),
    "provider_account.prices": lambda: _("Changed the prices of a provider account"),
    "provider_account.retired": lambda: _("Removed a provider account"),
    "reply.decided": lambda: _("Decided whether a text means STOP"),
    "report.held": lambda: _("Closed the link of a report, since the instance was restored"),
    "report.opened": lambda: _("Opened the link of a report again after a restore"),
    "report.shared": lambda: _("Shared a report by a link"),
    "report.withdrawn": lambda: _("Withdrew the link of a report"),
    "saved_text.changed": lambda: _("Changed a saved text"),
    "saved_text.created": lambda: _("Saved a text"),
    "saved_text.deleted": lambda: _("Removed a saved text"),
    "second_factor.added": lambda: _("Set up a second factor"),
    "second_factor.codes_renewed": lambda: _("Made new recovery codes"),
    "second_factor.removed": lambda: _("Removed a second factor"),
    "second_factor.reset": lambda: _("Took away somebody's lost second factor"),
    "segment.changed": lambda: _("Changed a segment"),
    "segment.created": lambda: _("Saved a segment"),
    "segment.deleted": lambda: _("Removed a segment"),
    "sender_number.added": lambda: _("Added a sender number"),
    "sender_number.changed": lambda: _("Changed a sender number"),
    "sender_number.retired": lambda: _("Removed a sender number"),
    "sign_up_form.changed": lambda: _("Changed a sign-up form"),
    "sign_up_form.closed": lambda: _("Closed a sign-up form"),
    "sign_up_form.created": lambda: _("Made a sign-up form"),
    "sign_up_form.opened": lambda: _("Opened a sign-up form"),
    "style_words.set": lambda: _("Changed the words that a workspace does not write"),
    "tag.added": lambda: _("Tagged several contacts"),
    "tag.removed": lambda: _("Took a tag off several contacts"),
    "thread.assigned": lambda: _("Gave a conversation to somebody"),
    "thread.done": lambda: _("Was done with a conversation"),
    "thread.opted_out": lambda: _("Opted somebody out"),
    "thread.reopened": lambda: _("Took a conversation up again"),
    "workspace.changed": lambda: _("Changed the workspace"),
    "workspace.created": lambda: _("Added a workspace below"),
    "workspace.moved": lambda: _("Put a workspace below another, or at the top"),
    "workspace.second_factor": lambda: _("Changed whether a second factor is needed"),
    "workspace.only_counted_changed": lambda: _("Changed whose taps are only counted"),
}

KINDS: dict[str, Words] = {
    "alias": lambda: _("Aliases"),
    "apikey": lambda: _("API keys"),
    "broadcast": lambda: _("Broadcasts"),
    "contact": lambda: _("Contacts"),
    "contactimport": lambda: _("Imports"),
    "conversationsettings": lambda: _("Settings of replies"),
    "domain": lambda: _("Domains"),
    "hourssetting": lambda: _("Quiet hours"),
    "invitation": lambda: _("Invitations"),
    "keyword": lambda: _("Keywords"),
    "link": lambda: _("Links"),
    "membership": lambda: _("Members"),
    "notice": lambda: _("What recipients can read"),
    "provideraccount": lambda: _("Providers"),
    "reply": lambda: _("Replies"),
    "savedtext": lambda: _("Saved texts"),
    "segment": lambda: _("Segments"),
    "sendernumber": lambda: _("Sender numbers"),
    "signupform": lambda: _("Sign-up forms"),
    "user": lambda: _("Second factors"),
    "tag": lambda: _("Tags"),
    "thread": lambda: _("Conversations"),
    "workspace": lambda: _("Workspaces"),
}


def action_words(action: str) -> str:
    """Return what was done, in words; a code that nobody wrote words for stays as it is."""
    words = ACTIONS.get(action)
    return words() if words else action


def kind_words(kind: str) -> str:
    """Return the kind of thing, in words."""
    words = KINDS.get(kind)
    return words() if words else kind

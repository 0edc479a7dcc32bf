"""What happens when somebody fills in a sign-up form.

The page answers alike whoever's number was given: whether it is known, has agreed or has opted out
is nobody else's business. A number under an opt-out is never freed from here, since whoever types
it need not own it: its owner texts START.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db import transaction

from tapline.contacts.models import Contact, Suppression
from tapline.contacts.phones import normalise
from tapline.contacts.upserting import ensure_contacts
from tapline.digits import whole_number
from tapline.errors import TaplineError
from tapline.signups.agreeing import keep_yes
from tapline.signups.confirming import ask
from tapline.signups.models import FormVersion, SignUp, SignUpForm, SignUpState

# A family behind one address signs up together; a script that tries numbers does not get far.
PER_NETWORK = 30
NETWORK_WINDOW = dt.timedelta(hours=1)
MOST_NAME = 80


class NotAgreed(TaplineError):
    """The box was not ticked."""


class TooManySignUps(TaplineError):
    """More people signed up from one network than a shop's counter sees in an hour."""


class FormChanged(TaplineError):
    """The form was sent with words that it does not show (any more)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """A form as it was sent. `version` is what the page showed."""

    phone: str
    agreed: bool
    version: str
    first_name: str = ""
    network: str = ""  # the sender's /24 or /48
    agent: str = ""


def sign_up(form: SignUpForm, filled: Filled, now: dt.datetime) -> SignUp:
    """Take one sign-up and return it: agreed at once, or waiting for the phone's own yes.

    Raises `NotAgreed`, `FormChanged`, `TooManySignUps` and `BadNumber`; then nothing is kept.
    """
    version = _version(form, filled)
    phone = normalise(filled.phone, form.workspace.default_country)
    _refuse_flood(filled.network, now)
    contact = Contact.objects.get(pk=ensure_contacts(form.workspace, [phone])[phone])
    is_out = _opted_out(form, contact)
    waits = form.needs_confirmation or is_out
    with transaction.atomic():
        taken = SignUp.objects.create(
            form=form,
            version=version,
            contact=contact,
            state=SignUpState.WAITING if waits else SignUpState.AGREED,
            network=filled.network[:64],
            agent=filled.agent[:200],
            at=now,
        )
        _complete(contact, filled.first_name, form)
        if not waits:
            keep_yes(taken, now)
        elif not is_out:
            ask(taken, now)
    return taken


def _version(form: SignUpForm, filled: Filled) -> FormVersion:
    if not filled.agreed:
        raise NotAgreed(
            "The box is not ticked.",
            why="Without your yes we may not text you.",
            do="Tick it if you agree.",
        )
    versions = form.versions.select_related("wording")
    found = versions.filter(pk=whole_number(filled.version) or 0).first()
    if found is None:
        raise FormChanged(
            "This form has changed.",
            why="What you agree to must be what you saw.",
            do="Read it again, then send it.",
        )
    return found


def _refuse_flood(network: str, now: dt.datetime) -> None:
    recent = SignUp.objects.filter(network=network, at__gt=now - NETWORK_WINDOW)
    if network and recent.count() >= PER_NETWORK:
        raise TooManySignUps(
            "Too many people signed up from here just now.",
            why=f"It may be {PER_NETWORK} in an hour.",
            do="Wait an hour, or switch your phone to mobile data.",
        )


def _opted_out(form: SignUpForm, contact: Contact) -> bool:
    return Suppression.objects.filter(
        phone_hash=contact.phone_hash,
        scope__in=form.scope.ancestor_ids,
        purpose__in=["", form.purpose],
        lifted_at=None,
    ).exists()


def _complete(contact: Contact, first_name: str, form: SignUpForm) -> None:
    """Add what was unknown. What is known stays: the form may be filled in by somebody else."""
    name = "".join(letter for letter in first_name if letter.isprintable()).strip()[:MOST_NAME]
    if name and form.asks_name and not contact.attributes.get("first_name"):
        contact.attributes = {**contact.attributes, "first_name": name}
    contact.language = contact.language or form.language
    contact.save(update_fields=["attributes", "language", "updated_at"])

"""What tests of sign-up forms start from: a form, and somebody who fills it in."""

from __future__ import annotations

import re
from typing import Any

from django.test import Client

from tapline.signups.forms import FormDetails, create_form
from tapline.signups.models import SignUpForm
from tapline.workspaces.models import Workspace
from tests.broadcasts.making import ACTOR

WORDING = "Yes, Bakery may text me offers, up to 4 a month. Reply STOP to end."
PHONE = "+12125550123"


def make_form(workspace: Workspace, **changes: Any) -> SignUpForm:
    details = {"name": "Counter", "title": "News from the Bakery", "wording": WORDING} | changes
    return create_form(workspace, FormDetails(**details), actor=ACTOR)


def shown_version(client: Client, form: SignUpForm) -> str:
    page = client.get(f"/join/{form.token}").content.decode()
    found = re.search(r'name="version" value="(\d+)"', page)
    assert found is not None
    return found[1]


def fill_in(form: SignUpForm, *, hops: str = "", **changes: str) -> Any:
    """Send the form as a phone would, and return the answer."""
    client = Client(enforce_csrf_checks=True)
    filled = {"phone": "(212) 555-0123", "agreed": "on", "version": shown_version(client, form)}
    headers = {"User-Agent": "Phone/1"} | ({"X-Forwarded-For": hops} if hops else {})
    return client.post(f"/join/{form.token}", filled | changes, headers=headers)

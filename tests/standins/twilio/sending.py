"""Who sends and receives in the tests of the stand-in, and how a text is handed in."""

from __future__ import annotations

from typing import Any

import httpx2

from tests.standins.twilio.running import ACCOUNT_SID, AUTH_TOKEN, TwilioProcess

OURS, SERVICE = "+15005550006", "MG" + "0" * 32
PEOPLE = [f"+1202555{line:04d}" for line in range(100, 200)]
MESSAGES = f"/2010-04-01/Accounts/{ACCOUNT_SID}/Messages.json"


def client(twilio: TwilioProcess, token: str = AUTH_TOKEN) -> httpx2.Client:
    return httpx2.Client(
        base_url=twilio.url, auth=(ACCOUNT_SID, token), timeout=10, trust_env=False
    )


def send(twilio: TwilioProcess, **form: Any) -> httpx2.Response:
    usual = {"To": PEOPLE[0], "From": OURS, "Body": "The menu is out."}
    with client(twilio) as http:
        return http.post(MESSAGES, data={**usual, **form})

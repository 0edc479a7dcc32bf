"""What a test of a flow makes for itself, through the API: people and a broadcast."""

from __future__ import annotations

import datetime as dt
import itertools
from dataclasses import dataclass
from typing import Any

from tests.browser.shop import Shop
from tests.running import wait_for

# Ofcom's numbers for fiction; the seeded contacts have North American ones.
NUMBERS = itertools.count()
DELIVERED = {"status": "delivered"}
FAILED = {"status": "failed", "error_code": "30003"}


@dataclass(frozen=True, slots=True)
class Person:
    """A contact that one test made, and alone knows of."""

    id: int
    name: str
    phone: str


@dataclass(frozen=True, slots=True)
class Sent:
    """A broadcast whose texts were handed over: each person's text, by name."""

    id: int
    name: str
    texts: dict[str, Any]

    def tap(self, shop: Shop, who: str) -> None:
        """Let somebody tap their link, and wait until it is counted."""
        text = self.texts[who]
        shop.tap(text["links"][0]["code"])
        wait_for(lambda: _has_tapped(shop, text["message_id"]), seconds=20, what=f"{who}'s tap")


def make_people(shop: Shop, *names: str, tags: tuple[str, ...] = ()) -> list[Person]:
    """Bring people in who agreed to marketing texts."""
    return [_make_person(shop, name, tags) for name in names]


def send_to(shop: Shop, name: str, people: list[Person], *, failed: str = "") -> Sent:
    """Hand a text with a link to each of `people`; it arrives, but at the one who `failed`."""
    texts = [{"to": each.phone, "text": f"{name}: https://example.com/pie"} for each in people]
    answer = shop.call("POST", "/track", broadcast=name, texts=texts)
    pairs = list(zip(people, answer["texts"], strict=True))
    receipts = [_receipt(text["message_id"], who.name == failed) for who, text in pairs]
    shop.call("POST", "/receipts", receipts=receipts)
    return Sent(answer["broadcast_id"], name, {who.name: text for who, text in pairs})


def _make_person(shop: Shop, name: str, tags: tuple[str, ...]) -> Person:
    phone = f"+447700900{next(NUMBERS):03}"
    known = {"phone": phone, "attributes": {"first_name": name}, "tags": list(tags)}
    contact = shop.call("POST", "/contacts", **known)
    agreed = {"purpose": "marketing", "given": True, "wording": "Yes, text me.", "at": _now()}
    shop.call("POST", f"/contacts/{contact['id']}/consents", **agreed)
    return Person(contact["id"], name, phone)


def _has_tapped(shop: Shop, message_id: int) -> bool:
    return shop.call("GET", f"/messages/{message_id}")["first_human_click_at"] is not None


def _receipt(message_id: int, has_failed: bool) -> dict[str, str | int]:
    return {"message_id": message_id, "at": _now(), **(FAILED if has_failed else DELIVERED)}


def _now() -> str:
    return dt.datetime.now(dt.UTC).isoformat()

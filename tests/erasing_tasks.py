"""`python -m tests.erasing_tasks TASK…`: what `test_erasing_everywhere` does inside an instance."""

from __future__ import annotations

import json
import sys
from typing import Any

from tapline.cli import set_up_django

BOTH = ["walnut bread for Zyxanna https://www.example.com/a", "again https://www.example.com/b"]


def use_the_api(phone: str) -> None:
    """Send the person a text, have texts of another system tracked, each under a repeatable key."""
    from tapline.instance.first_start import make_ready
    from tests.web.api_client import caller_of

    caller = caller_of(make_ready().workspace)
    single = {
        "to": phone, "text": BOTH[0], "purpose": "marketing", "reference": "crm-zyx-7",
    }  # fmt: skip
    tracked = {"texts": [{"to": phone, "text": each, "reference": "crm-zyx-7"} for each in BOTH]}
    for path, body in (("/messages", single), ("/track", tracked)):
        response = caller.call("POST", path, body, **{"Idempotency-Key": path})
        assert response.status_code < 300, response.content


def write_back(phone: str) -> None:
    """Let the person write to us, more than once."""
    from django.utils import timezone

    from tapline.providers.base import InboundText
    from tapline.replies.taking import take_inbound

    for number, text in enumerate(("Do you have marzipan?", "HELP", "I am Zyxanna Quillfeather")):
        inbound = InboundText(
            provider_id=f"in-{number}", sender=phone, to="+12025550100", text=text,
            received_at=timezone.now(),
        )  # fmt: skip
        assert take_inbound(inbound) is not None


def note_and_upload(phone: str) -> None:
    """Leave a change in the audit, and a file that waits to be imported."""
    from django.core.files.uploadedfile import SimpleUploadedFile

    from tapline.contacts.models import Contact
    from tapline.contacts.uploads import keep_upload
    from tapline.workspaces import audit

    contact = Contact.objects.get(phone=phone)
    audit.record(contact.workspace, "test", "contact.changed", contact, {}, {"likes": "marzipan"})
    waiting = "mobile;name\n212-555-0177;Zyxanna\n"
    keep_upload(contact.workspace, SimpleUploadedFile("more.csv", waiting.encode("utf-16")))


def counted() -> dict[str, Any]:
    """Return every total that must stay."""
    from django.db.models import Count, Sum

    from tapline.broadcasts.models import Message, MessageTally
    from tapline.clicks import store
    from tapline.replies.models import Reply

    by_verdict = store.query("select verdict, count(*) from clicks group by 1 order by 1")
    [(people,)] = store.query("select count(distinct message) from clicks where human = 1")
    return {
        "messages": Message.objects.count(),
        "tapped": Message.objects.filter(first_human_click_at__isnull=False).count(),
        "parts": Message.objects.aggregate(all=Sum("parts"))["all"],
        "tallies": list(
            MessageTally.objects.filter(count__gt=0)
            .values_list("broadcast", "state")
            .annotate(rows=Count("id"))
            .order_by("broadcast", "state")
        ),
        "replies": Reply.objects.count(),
        "clicks": [list(row) for row in by_verdict],
        "people": people,
    }


def taps_of(phone: str) -> int:
    """Return how many clicks of the person were taken in."""
    from tapline.broadcasts.models import Message
    from tapline.clicks import store

    ids = list(Message.objects.filter(phone=phone).values_list("id", flat=True))
    [(count,)] = store.query(
        f"select count(*) from clicks where message in ({store.int_list(ids)})"
    )
    return int(count)


def clean_up() -> bool:
    """Remove what the worker would remove within the hour."""
    from tapline.clicks.cleaning import clean_up as remove

    return remove()


def main(task: str, *arguments: str) -> None:
    set_up_django()
    print(json.dumps(globals()[task](*arguments), default=str))  # noqa: T201  # what the test reads


if __name__ == "__main__":
    main(*sys.argv[1:])

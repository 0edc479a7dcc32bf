"""`python -m tests.erasing_tasks TASK…`: what `test_erasing_everywhere` does inside an instance."""

from __future__ import annotations

import json
import sys
from typing import Any

from tapline.cli import set_up_django

BOTH = [
    "walnut bread for Zyxanna https://www.example.com/orders/zyxorder-1",
    "again https://www.example.com/b?for=zyxorder-2",
]


def use_the_api(phone: str) -> None:
    """Send the person a text, have texts of another system tracked, each under a repeatable key."""
    from tapline.instance.first_start import make_ready
    from tests.web.api_client import caller_of

    caller = caller_of(make_ready().workspace)
    single = {
        "to": phone, "text": BOTH[0], "purpose": "marketing", "reference": "crm-zyx-7",
    }  # fmt: skip
    texts = [{"to": phone, "text": each, "reference": "crm-zyx-7"} for each in BOTH]
    # So many destinations in one call that each becomes a link of its own person.
    texts += [
        {"to": phone, "text": f"{n} https://www.example.com/bill/zyxorder-{n}"} for n in range(25)
    ]
    tracked = {"texts": texts}
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


def join_and_be_answered(phone: str) -> None:
    """Let the person sign up, text a keyword, and be answered by a member."""
    import datetime as dt

    from django.utils import timezone

    from tapline.instance.first_start import make_ready
    from tapline.providers.base import InboundText
    from tapline.replies.answering import answer
    from tapline.replies.models import Thread
    from tapline.replies.taking import take_inbound
    from tapline.signups.signing_up import Filled, sign_up
    from tests.keywords.making import make_keyword
    from tests.signups.making import make_form

    workspace, now = make_ready().workspace, timezone.now()
    form = make_form(workspace)
    filled = Filled(
        phone=phone, agreed=True, version=str(form.versions.get().pk), first_name="Zyxanna",
        network="198.51.100.0/24", agent="Zyxagent/1",
    )  # fmt: skip
    sign_up(form, filled, now)
    make_keyword(workspace, word="BAGEL")
    inbound = InboundText(
        provider_id="in-bagel", sender=phone, to="+12025550100", text="BAGEL",
        received_at=now + dt.timedelta(seconds=1),
    )  # fmt: skip
    assert take_inbound(inbound) is not None
    answer(Thread.objects.get(phone=phone), "Dear Zyxanna, tomorrow", actor="test")


def refuse_a_row_and_opt_out(phone: str) -> None:
    """Keep a row of the person that an import could not read; and let them opt out at last."""
    from django.utils import timezone

    from tapline.contacts.models import ContactImport
    from tapline.contacts.uploads import refused_file
    from tapline.providers.base import InboundText
    from tapline.replies.taking import take_inbound

    done = ContactImport.objects.order_by("id")[0]
    path = refused_file(done)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"line,why,phone\n7,unclear,(212) {phone[-7:-4]}-{phone[-4:]}\n")
    stop = InboundText(
        provider_id="in-stop", sender=phone, to="+12025550100", text="STOP",
        received_at=timezone.now(),
    )  # fmt: skip
    assert take_inbound(stop) is not None


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


def know_where_it_is(address: str) -> None:
    """Bring a file that says in which state an address is."""
    from tapline import config
    from tapline.geo.files import PLACE_FILE, path_of
    from tests.geo.mmdb import write_mmdb

    florida = {"country": {"iso_code": "US"}, "subdivisions": [{"names": {"en": "Florida"}}]}
    write_mmdb(path_of(PLACE_FILE, config.current()), {f"{address}/32": florida})


def taps_of(phone: str) -> int:
    """Return how many clicks of the person were taken in."""
    from tapline.broadcasts.models import Message
    from tapline.clicks import store

    ids = list(Message.objects.filter(phone=phone).values_list("id", flat=True))
    [(count,)] = store.query(
        f"select count(*) from clicks where message in ({store.int_list(ids)})"
    )
    return int(count)


def files_of_kinds() -> list[str]:
    """Return the names in the data folder that kinds of things kept about people know."""
    from tapline.contacts import keeping

    return sorted({name for kind in keeping.kinds() for name in kind.files})


def clean_up() -> bool:
    """Remove what the worker would remove within the hour."""
    from tapline.clicks.cleaning import clean_up as remove

    return remove()


def main(task: str, *arguments: str) -> None:
    set_up_django()
    print(json.dumps(globals()[task](*arguments), default=str))  # noqa: T201  # what the test reads


if __name__ == "__main__":
    main(*sys.argv[1:])

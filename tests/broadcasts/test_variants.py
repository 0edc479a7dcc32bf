"""Several texts in one broadcast: who gets which, with which links, and who gets none."""

from __future__ import annotations

import html
from collections import Counter
from typing import Any

import pytest
from django.db import connection
from django.urls import reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from tapline.broadcasts.composing import preview
from tapline.broadcasts.models import Broadcast, Message, MessageTally
from tapline.broadcasts.splitting import BadBroadcast
from tapline.broadcasts.variant_odds import Kind
from tapline.broadcasts.variant_words import in_words
from tapline.broadcasts.variants import held_out, variants_report
from tapline.broadcasts.wordings import (
    BUCKETS,
    Wordings,
    bucket_of,
    bucket_sql,
    variant_of,
    wordings_of,
)
from tapline.links.models import Link, LinkKind
from tapline.texts.personal import compile_text
from tapline.workspaces.models import Role
from tests.broadcasts.making import (
    StandIn,
    make_broadcast,
    make_contacts,
    make_sender,
    make_workspace,
    prepare,
)
from tests.clicks.world import NOON, make_world, take_in
from tests.web.api_client import caller_of
from tests.web.browsing import member_of

A = "Pie today: https://www.example.com/pie"
B = "Hungry? https://www.example.com/pie and https://www.example.com/cake"
PERSONAL = "{{ first_name }}, yours: https://www.example.com/{{ first_name }}"


def split(*shares: int, hold_out: int = 0) -> Wordings:
    """Return texts that share like this; the first gets what is left."""
    text = compile_text("Hi")
    return Wordings((text,) * (1 + len(shares)), (100 - sum(shares), *shares), hold_out, ())


def made(count: int, **changes: Any) -> Broadcast:
    workspace = make_workspace()
    make_contacts(workspace, count)
    return prepare(make_broadcast(workspace, **{"text": A, **changes}))


def others(*texts: str, share: int = 50) -> list[dict[str, Any]]:
    return [{"text": text, "share": share} for text in texts]


@given(token=st.text("0123456789abcdef", min_size=16, max_size=16), first=st.integers(0, 10**9))
def test_shares_are_kept(token: str, first: int) -> None:
    wordings = split(30, 20, hold_out=10)

    got = Counter(variant_of(wordings, each, token) for each in range(first, first + 4_000))

    wanted = {None: 400, 0: 1800, 1: 1080, 2: 720}
    for variant, expected in wanted.items():
        # Six standard errors: one in hundreds of millions lies beyond.
        assert abs(got[variant] - expected) < 6 * expected**0.5


@given(first=st.integers(1, 10**9), a=st.integers(0, 10**6), b=st.integers(0, 10**6))
def test_two_broadcasts_split_independently(first: int, a: int, b: int) -> None:
    if a == b:
        return
    wordings = split(50)
    contacts = range(first, first + 4_000)

    same = sum(
        variant_of(wordings, each, f"{a:016}") == variant_of(wordings, each, f"{b:016}")
        for each in contacts
    )

    assert abs(same - 2_000) < 6 * 1_000**0.5


@pytest.mark.django_db
@given(contact=st.integers(1, 2**40), token=st.text("0123456789abcdef", min_size=1, max_size=16))
def test_the_database_works_out_the_same_bucket(contact: int, token: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"select {bucket_sql(token)} from (select %s as id) c", [contact])
        (found,) = cursor.fetchone()

    assert found == bucket_of(contact, token)
    assert 0 <= found < BUCKETS


@pytest.mark.django_db
def test_each_recipient_gets_one_text_and_its_links() -> None:
    broadcast = made(60, variants=others(B))
    provider = StandIn()

    make_sender(provider).send_next()

    wordings, token = wordings_of(broadcast), broadcast.token
    messages = {each.phone: each for each in Message.objects.select_related("contact")}
    assert len(provider.taken) == 60
    for text in provider.taken:
        message = messages[text.to]
        assert message.contact_id is not None
        assert message.variant == variant_of(wordings, message.contact_id, token)
        assert text.text.startswith(("Pie", "Hungry")[message.variant or 0])
        assert text.text.count("https://go.example.com/") == 1 + (message.variant or 0)
    assert {each.variant for each in messages.values()} == {0, 1}
    assert Link.objects.count() == 2  # what both lead to is one link


@pytest.mark.django_db
def test_the_preview_shows_each_recipient_the_text_that_they_will_get() -> None:
    broadcast = made(30, variants=others(B, share=40), hold_out=30)
    of_contacts = dict(
        Message.objects.filter(broadcast=broadcast).values_list("contact_id", "variant")
    )

    shown = [preview(broadcast, n) for n in range(30)]

    told = {each.contact: None if each.is_held_out else each.variant for each in shown}
    assert told == of_contacts
    assert set(told.values()) == {None, 0, 1}
    assert {each.text[:3] for each in shown if each.variant == 1} == {"Hun"}
    assert not preview(broadcast, 30).is_held_out


@pytest.mark.django_db
def test_the_composer_steps_to_the_second_text_and_mends_it_there() -> None:
    workspace = make_workspace()
    make_contacts(workspace, 30)
    broadcast = make_broadcast(workspace, text=A, variants=others("FREE PIE today"), hold_out=20)
    second = next(n for n in range(30) if preview(broadcast, n).variant == 1)
    nobody = next(n for n in range(30) if preview(broadcast, n).is_held_out)
    form = {"name": "Pie", "text": A, "variant_1": "FREE PIE today", "hold_out": "20"}
    form |= {"draft": str(broadcast.pk), "audience": '{"all": true}', "purpose": "marketing"}
    member = member_of(workspace, Role.SENDER)

    def page_of(name: str, **more: str) -> str:
        address = reverse(f"broadcasts:{name}", args=[workspace.pk])
        return html.unescape(member.post(address, form | more).content.decode())

    shown = page_of("preview", recipient=str(second + 1))
    assert ">Text B<" in shown
    assert "«FREE PIE» is written in large letters." in shown
    assert "gets nothing, on purpose" in page_of("preview", recipient=str(nobody + 1))
    assert 'rows="3">Free pie today<' in page_of("new", do="replace,variant_1,0,8,Free pie")


@pytest.mark.django_db
def test_the_share_that_gets_nothing_is_written_down() -> None:
    made(200, variants=others(B), hold_out=20)
    provider = StandIn()
    make_sender(provider).send_next()

    held = Message.objects.filter(error_code="held_out")

    assert 15 < held.count() < 70
    assert set(held.values_list("state", "variant")) == {("cancelled", None)}
    assert len(provider.taken) == 200 - held.count()
    assert not {each.to for each in provider.taken} & set(held.values_list("phone", flat=True))


@pytest.mark.django_db
def test_a_hold_out_needs_no_second_text() -> None:
    broadcast = made(100, hold_out=30)

    assert Message.objects.filter(error_code="held_out").exists()
    assert set(broadcast.messages.values_list("variant", flat=True)) == {None}


@pytest.mark.django_db
def test_personal_links_are_made_for_those_alone_who_get_them() -> None:
    broadcast = made(80, variants=others(PERSONAL), hold_out=20)
    provider = StandIn()
    make_sender(provider).send_next()

    theirs = broadcast.messages.filter(variant=1).count()

    assert Link.objects.filter(kind=LinkKind.PERSONAL).count() == theirs > 0
    assert len(provider.taken) == broadcast.messages.exclude(error_code="held_out").count()


@pytest.mark.django_db
def test_who_lacks_what_one_text_needs_gets_none_of_them() -> None:
    """Else the recipients of the texts would differ in more than their text."""
    workspace = make_workspace()
    make_contacts(workspace, 40)
    make_contacts(workspace, 10, first=40, first_name="")

    broadcast = prepare(make_broadcast(workspace, text=A, variants=others(PERSONAL)))

    assert broadcast.messages.count() == 40
    assert broadcast.left_out.get().reason == "missing_field"


@pytest.mark.django_db
def test_tallies_know_the_variant() -> None:
    broadcast = made(50, variants=others(B), hold_out=10)

    tallied = Counter(
        {
            each.variant: each.count
            for each in MessageTally.objects.filter(broadcast=broadcast, count__gt=0)
        }
    )

    counted = Counter(
        -1 if each is None else each
        for each in broadcast.messages.values_list("variant", flat=True)
    )
    assert tallied == counted


@pytest.mark.django_db
@pytest.mark.parametrize(
    "bad",
    [
        {"variants": others(B, share=0)},
        {"variants": others(B, share=100)},
        {"variants": others(B, "C", share=50)},
        {"variants": others(A)},
        {"variants": others(B, "C", "D", "E", "F", share=10)},
        {"variants": others("")},
        {"hold_out": 51},
        {"hold_out": -1},
    ],
)
def test_what_cannot_be_split_is_refused(bad: dict[str, Any]) -> None:
    with pytest.raises(BadBroadcast):
        make_broadcast(make_workspace(), **{"text": A, **bad})


@pytest.mark.django_db
def test_a_report_compares_texts_by_people_who_tapped() -> None:
    broadcast = made(120, variants=others(B), hold_out=10)
    first = broadcast.messages.filter(variant=0)
    Message.objects.filter(broadcast=broadcast, variant__isnull=False).update(
        state="delivered", accepted_at=timezone.now()
    )
    first.update(first_human_click_at=timezone.now())

    report = variants_report(broadcast)

    assert report is not None
    assert [(each.letter, each.tapped, each.people) for each in report.variants] == [
        ("A", first.count(), first.count()),
        ("B", 0, broadcast.messages.filter(variant=1).count()),
    ]
    assert (report.outcome.kind, report.outcome.best) == (Kind.BETTER, 0)
    assert held_out(broadcast) == broadcast.messages.filter(error_code="held_out").count() > 0
    assert in_words(report)[0] == "A did better."
    shown = member_of(broadcast.workspace).get(
        reverse("broadcasts:show", args=[broadcast.workspace_id, broadcast.pk])
    )
    assert "A did better." in shown.content.decode()
    told = caller_of(broadcast.workspace).get(f"/broadcasts/{broadcast.pk}/report")
    assert (told["by_variant"]["outcome"], told["by_variant"]["best"]) == ("better", "A")


@pytest.mark.django_db(transaction=True)
def test_what_is_not_certain_is_counted_by_variant() -> None:
    world = make_world(40)
    Broadcast.objects.update(variants=others(B))
    for message in world.messages:
        Message.objects.filter(pk=message.pk).update(variant=message.position % 2)

    take_in(*(world.tap(position, agent="A strange reader") for position in (0, 2, 3)))
    Message.objects.filter(pk=world.messages[2].pk).update(first_human_click_at=NOON)
    report = variants_report(Broadcast.objects.get())

    assert report is not None
    assert [each.perhaps for each in report.variants] == [1, 1]


@pytest.mark.django_db
def test_variants_are_written_and_told_by_the_api() -> None:
    caller = caller_of(make_workspace())
    texts = others(B, share=40)

    made = caller.post(
        "/broadcasts",
        {"name": "Pie", "text": A, "audience": {"all": True}, "variants": texts, "hold_out": 5},
    )

    assert (made["variants"], made["hold_out"]) == (texts, 5)

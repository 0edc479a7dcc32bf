"""Codes for audiences and for single recipients: each once, whatever else goes on."""

from __future__ import annotations

import pytest
from django.db import connection, transaction

from tapline.codes.capacity import capacity
from tapline.destinations import BadDestination
from tapline.errors import NotFound
from tapline.links import minting
from tapline.links.codebook import NoCode, load_codebook
from tapline.links.domains import rotate_key
from tapline.links.generations import cipher_of, newest_generation
from tapline.links.minting import (
    PERSONAL_BATCH,
    BadLink,
    create_link,
    mint_personal,
    mint_range,
    mint_ranges,
)
from tapline.links.models import Campaign, CodeRange, KeyGeneration, Link, LinkKind, SerialCounter
from tapline.links.serials import NoCodesLeft
from tapline.workspaces.models import AuditEntry
from tapline.workspaces.tree import create_workspace
from tests.links.making import ACTOR, make_domain, make_link, make_template

pytestmark = pytest.mark.django_db


def test_an_audience_is_one_row_and_a_code_for_everybody() -> None:
    link = make_link(make_domain())

    (codes_of_all,) = mint_range(link, 100_000)

    codes = load_codebook([link.pk]).codes(link.pk, range(100_000))
    assert CodeRange.objects.count() == 1
    assert codes_of_all.count == 100_000
    assert len(set(codes)) == 100_000
    assert {len(code) for code in codes} == {8}


def test_runs_of_positions_get_codes_and_the_gaps_between_them_none() -> None:
    link = make_link(make_domain())

    mint_ranges(link, [(0, 3), (10, 2), (5, 1)])

    book = load_codebook([link.pk])
    assert len(set(book.codes(link.pk, [11, 0, 1, 2, 10, 5]))) == 6
    with pytest.raises(NoCode):
        book.codes(link.pk, [0, 4])


def test_nobody_gets_a_code_that_was_handed_out_before() -> None:
    domain = make_domain()
    first, second = make_link(domain), make_link(domain)

    for _ in range(3):
        mint_range(first, 50)
        mint_range(second, 50)

    ranges = CodeRange.objects.order_by("first")
    serials = [serial for each in ranges for serial in range(each.first, each.first + each.count)]
    assert serials == list(range(300))


def test_a_position_minted_twice_answers_with_its_newest_code() -> None:
    link = make_link(make_domain())
    mint_range(link, 10)
    (newer,) = mint_range(link, 4, first_position=3)

    codes = load_codebook([link.pk]).codes(link.pk, range(10))

    cipher = cipher_of(newer.generation, newer.length)
    assert [cipher.decode(code) for code in codes] == [0, 1, 2, 10, 11, 12, 13, 7, 8, 9]


def test_a_rotated_key_serves_new_codes_and_the_old_ones_stay() -> None:
    domain = make_domain()
    link = make_link(domain)
    mint_range(link, 5)
    before = load_codebook([link.pk]).codes(link.pk, range(5))

    rotate_key(domain, ACTOR)
    mint_range(link, 5, first_position=5)

    after = load_codebook([link.pk]).codes(link.pk, range(10))
    assert after[:5] == before
    assert set(CodeRange.objects.values_list("generation__number", flat=True)) == {1, 2}
    assert AuditEntry.objects.filter(action="domain.key_rotated").count() == 1


def test_codes_get_longer_when_guessing_would_become_worthwhile() -> None:
    domain = make_domain()
    link = make_link(domain)
    SerialCounter.objects.create(
        generation=newest_generation(domain.pk), length=8, next_serial=capacity(8) - 10
    )
    rotate_key(domain, ACTOR)  # Serials of all generations count together.

    (fitting,) = mint_range(link, 10)
    (longer,) = mint_range(link, 1, first_position=10)

    assert (fitting.length, longer.length) == (8, 9)
    lengths = [len(code) for code in load_codebook([link.pk]).codes(link.pk, [9, 10])]
    assert lengths == [8, 9]


def test_a_full_domain_says_so() -> None:
    domain = make_domain()
    with pytest.raises(NoCodesLeft, match=r"go\.example\.com"):
        mint_range(make_link(domain), capacity(12) + 1)


def test_a_code_that_an_older_generation_may_have_on_phones_is_left_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    domain = make_domain()
    link = make_link(domain)
    (old,) = mint_range(link, 1)
    rotate_key(domain, ACTOR)
    generation = newest_generation(domain.pk)
    # With half of all codes held to be taken, collisions happen within a test's patience.
    monkeypatch.setattr("tapline.links.serials.capacity", lambda length: 48**length // 2)
    monkeypatch.setattr("tapline.links.serials.COMPARED_AT_ONCE", 64)

    mint_range(link, 1000, first_position=1)

    older, newest = cipher_of(old.generation, 8), cipher_of(generation, 8)
    codes = load_codebook([link.pk]).codes(link.pk, range(1, 1001))
    assert len(set(codes)) == 1000
    assert all(older.decode(code) >= 48**8 // 2 for code in codes)
    handed_out = SerialCounter.objects.get(generation=generation, length=8).next_serial
    serials = {newest.decode(code) for code in codes}
    left_out = set(range(handed_out)) - serials
    assert 500 < len(left_out) < 2000
    # Serials after the last one needed are lost too; all others collided.
    collided = [each for each in left_out if older.decode(newest.encode(each)) < 48**8 // 2]
    assert len(collided) == len(left_out)


def test_personal_links_lead_everyone_to_a_page_of_their_own() -> None:
    template = make_template(make_domain())
    pages = [f"https://www.example.com/{number}" for number in range(2 * PERSONAL_BATCH + 3)]

    codes = mint_personal(template, pages, first_position=100)

    assert len(set(codes)) == len(pages)
    book = load_codebook([template.pk], first_position=100, last_position=104)
    assert book.codes(template.pk, range(100, 105)) == codes[:5]
    for position, page in [(100, pages[0]), (100 + PERSONAL_BATCH, pages[PERSONAL_BATCH])]:
        link = Link.objects.get(ranges__first_position=position)
        assert (link.destination, link.kind, link.parent) == (page, LinkKind.PERSONAL, template)
        assert load_codebook([link.pk]).codes(link.pk, [position]) == [codes[position - 100]]


def test_personal_links_may_have_scattered_positions() -> None:
    template = make_template(make_domain())

    codes = mint_personal(
        template, ["https://a.example/", "https://b.example/"], first_position=[7, 3]
    )

    assert load_codebook([template.pk]).codes(template.pk, [3, 7]) == [codes[1], codes[0]]


def test_codes_belong_where_they_are_asked_for() -> None:
    domain = make_domain()
    with pytest.raises(BadLink):
        mint_range(make_template(domain), 1)
    with pytest.raises(BadLink):
        mint_personal(make_link(domain), ["https://www.example.com/"], first_position=0)


def test_a_link_keeps_its_utm_fields_and_code_placeholder() -> None:
    domain = make_domain()

    link = create_link(
        domain.workspace,
        domain,
        "https://www.example.com/menu?table=4#drinks",
        utm={"source": "sms", "campaign": "may {code}"},
        actor=ACTOR,
    )

    assert link.destination == (
        "https://www.example.com/menu?table=4&utm_source=sms&utm_campaign=may%20{code}#drinks"
    )
    assert AuditEntry.objects.get(action="link.created").object_id == link.pk


def test_a_link_never_leads_to_a_domain_that_serves_links() -> None:
    domain = make_domain()
    make_domain(host="other.example.com")

    for host in ("go.example.com", "OTHER.example.com"):
        with pytest.raises(BadDestination, match="circles"):
            make_link(domain, f"https://{host}/2345678")


def test_a_workspace_uses_domains_and_campaigns_above_it_but_not_beside_it() -> None:
    brand = create_workspace("Brand")
    north, south = create_workspace("North", parent=brand), create_workspace("South", parent=brand)
    domain = make_domain(brand)
    campaign = Campaign.objects.create(workspace=south, name="May")

    create_link(north, domain, "https://www.example.com", actor=ACTOR)
    with pytest.raises(NotFound):
        create_link(north, make_domain(south, "s.example"), "https://www.example.com", actor=ACTOR)
    with pytest.raises(NotFound):
        create_link(north, domain, "https://www.example.com", campaign=campaign, actor=ACTOR)


def test_every_row_that_edges_copy_has_a_change_of_its_own_transaction() -> None:
    domain = make_domain()
    link = make_link(domain)
    (minted,) = mint_range(link, 1)

    changes = [domain.change, KeyGeneration.objects.get().change, link.change, minted.change]

    assert changes == sorted(changes)
    assert len({link.change, minted.change, domain.change}) == 3


@pytest.mark.django_db(transaction=True)
def test_serials_are_never_taken_inside_a_transaction_that_could_give_them_back() -> None:
    link = make_link(make_domain())

    with pytest.raises(RuntimeError, match="durable"), transaction.atomic():
        mint_range(link, 1)

    connection.close()


def test_a_batch_of_personal_links_is_found_without_looking_at_earlier_ones() -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"explain query plan {minting.PERSONAL_IDS}", {"change": 1, "template": 1})
        (plan,) = [detail for *_, detail in cursor.fetchall()]

    assert "(change=?)" in plan

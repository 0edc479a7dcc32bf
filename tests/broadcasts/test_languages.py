"""A text in several languages: each contact gets the one that they speak, all others the first."""

from __future__ import annotations

import html
import re

import pytest
from django.db import connection
from django.urls import reverse

from tapline.broadcasts.composing import BadBroadcast, preview
from tapline.broadcasts.counting import count_audience
from tapline.broadcasts.models import Broadcast, LeftOut, Message
from tapline.broadcasts.rendering import render_chunk
from tapline.broadcasts.variants import variants_report
from tapline.broadcasts.wordings import language_sql, wordings_of
from tapline.contacts.models import Contact
from tapline.links.models import Link, LinkKind
from tapline.texts.merging import BadMergeField
from tapline.workspaces.models import Role, Workspace
from tests.broadcasts.making import (
    StandIn,
    make_broadcast,
    make_contacts,
    make_sender,
    make_workspace,
    prepare,
)
from tests.web.browsing import member_of

pytestmark = pytest.mark.django_db(transaction=True)

ENGLISH = "Hi {{ first_name | there }}: https://www.example.com/menu"
SPANISH = "Hola {{ first_name | tú }}: https://www.example.com/es/carta"
SPOKEN = ("es", "es-MX", "ES", "de", "", "est")


@pytest.fixture
def workspace() -> Workspace:
    return make_workspace()


def _speaking(workspace: Workspace, *languages: str) -> list[Contact]:
    contacts = make_contacts(workspace, len(languages))
    for contact, language in zip(contacts, languages, strict=True):
        Contact.objects.filter(pk=contact.pk).update(language=language)
    return contacts


def _in_spanish(workspace: Workspace, **changes: object) -> Broadcast:
    fields = {"text": ENGLISH, "translations": {"es": SPANISH}} | changes
    return make_broadcast(workspace, **fields)


def test_each_contact_gets_the_text_in_their_language(workspace: Workspace) -> None:
    _speaking(workspace, *SPOKEN)
    broadcast = prepare(_in_spanish(workspace))
    provider = StandIn()

    make_sender(provider).send_next()

    texts = [text.text.partition(" ")[0] for text in provider.taken]
    assert texts == ["Hola", "Hola", "Hola", "Hi", "Hi", "Hi"]
    # Each text's link leads to its own page, by a code of its own.
    links = [re.findall(r"https://go\.example\.com/\w+", text.text) for text in provider.taken]
    assert all(len(found) == 1 for found in links)
    assert len({found[0] for found in links}) == 6
    destinations = broadcast.links.order_by("ordinal").values_list("link__destination", flat=True)
    assert list(destinations) == [
        "https://www.example.com/menu",
        "https://www.example.com/es/carta",
    ]


def test_the_preview_speaks_the_language_of_its_recipient(workspace: Workspace) -> None:
    _speaking(workspace, "de", "es-MX")
    broadcast = _in_spanish(workspace)

    german, spanish, nobody = (preview(broadcast, n) for n in range(3))

    assert (german.text[:5], german.language) == ("Hi N0", "")
    assert (spanish.text[:7], spanish.language) == ("Hola N1", "es")
    assert nobody.text.startswith("Hi there")


def test_only_the_own_language_s_fields_are_needed(workspace: Workspace) -> None:
    _speaking(workspace, "es", "en", "es")
    Contact.objects.filter(pk=Contact.objects.latest("pk").pk).update(attributes={"city": "Jaén"})
    broadcast = _in_spanish(
        workspace, translations={"es": "{{ city }}: https://www.example.com/es"}
    )

    counted = count_audience(broadcast, with_text=False).reach
    prepare(broadcast)

    assert counted.left_out == {"missing_field": 1}
    assert dict(LeftOut.objects.values_list("reason", "count")) == {"missing_field": 1}
    assert Message.objects.filter(broadcast=broadcast).count() == 2


def test_parts_are_counted_by_language(workspace: Workspace) -> None:
    _speaking(workspace, "es", "en", "en")
    long = "á" * 80 + " https://www.example.com/es"

    reach = count_audience(_in_spanish(workspace, translations={"es": long}), with_text=True).reach

    assert reach.parts == {1: 2, 2: 1}


def test_a_personal_link_is_made_for_those_who_get_it_alone(workspace: Workspace) -> None:
    _speaking(workspace, "es", "en", "en")
    broadcast = _in_spanish(
        workspace,
        translations={"es": "Hola: https://www.example.com/{{ first_name | x }}"},
    )

    prepare(broadcast)

    assert Link.objects.filter(kind=LinkKind.PERSONAL).count() == 1
    ids = list(Message.objects.order_by("position").values_list("pk", flat=True))
    ready, dropped = render_chunk(broadcast, ids)
    assert [message.text.partition(" ")[0] for message in ready] == ["Hola:", "Hi", "Hi"]
    assert dropped == []


def test_languages_are_not_compared_as_variants_are(workspace: Workspace) -> None:
    _speaking(workspace, "es", "en")

    assert variants_report(prepare(_in_spanish(workspace))) is None
    with pytest.raises(BadBroadcast):
        _in_spanish(workspace, variants=[{"text": "Hey", "share": 50}])


@pytest.mark.parametrize(
    ("translations", "refusal"),
    [
        ({"klingon": "x"}, BadBroadcast),
        ({"es') or 1 --": "x"}, BadBroadcast),
        ({"es": " "}, BadBroadcast),
        ({"es": "{{ x"}, BadMergeField),
    ],
)
def test_a_translation_that_cannot_be_sent_is_refused(
    workspace: Workspace, translations: dict[str, str], refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        _in_spanish(workspace, translations=translations)


def test_sql_and_preview_agree_on_who_speaks_what(workspace: Workspace) -> None:
    _speaking(workspace, *SPOKEN)
    wordings = wordings_of(_in_spanish(workspace, translations={"es": SPANISH, "et": "Tere"}))

    with connection.cursor() as cursor:
        cursor.execute(
            f"select c.language, {language_sql(wordings)} from contacts_contact c order by c.id"
        )
        told = cursor.fetchall()

    assert [variant for _language, variant in told] == [1, 1, 1, 0, 0, 0]
    assert all(wordings.in_language(language) == variant for language, variant in told)


def test_a_language_is_added_in_the_composer_and_sent(workspace: Workspace) -> None:
    _speaking(workspace, "es")
    form = {"name": "Menu", "text": ENGLISH, "audience": '{"all": true}', "purpose": "marketing"}
    browser = member_of(workspace, Role.SENDER)
    address = reverse("broadcasts:new", args=[workspace.pk])

    added = html.unescape(
        browser.post(address, form | {"do": "language", "language": "es"}).content.decode()
    )
    assert 'name="text_es"' in added
    assert "Spanish" in added

    shown = browser.post(
        reverse("broadcasts:preview", args=[workspace.pk]), form | {"text_es": f"{SPANISH} – STOP"}
    )
    assert 'data-field="text_es"' in shown.content.decode()
    browser.post(address, form | {"text_es": SPANISH})
    assert Broadcast.objects.get().translations == {"es": SPANISH}

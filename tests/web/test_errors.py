"""An error that a person can act on becomes a page or a fragment, with a fitting status."""

from __future__ import annotations

import pytest
from django.http import HttpResponse
from django.test import RequestFactory

from tapline.errors import Conflict, NotFound, TaplineError
from tapline.links.domains import DomainTaken, NoDomain
from tapline.web.errors import ErrorPages, NotAllowed, status_of

TOLD = {"why": "It is <b>taken</b>.", "do": "Choose another."}


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        (TaplineError, 422),
        (NotFound, 404),
        (NoDomain, 404),
        (Conflict, 409),
        (DomainTaken, 409),
        (NotAllowed, 403),
    ],
)
def test_the_nearest_class_in_the_table_gives_the_status(
    kind: type[TaplineError], status: int
) -> None:
    assert status_of(kind("It cannot be.", **TOLD)) == status


def _answer(error: Exception, **headers: str) -> HttpResponse | None:
    request = RequestFactory().get("/", headers=headers)
    return ErrorPages(lambda request: HttpResponse()).process_exception(request, error)


def test_a_page_says_what_why_and_what_to_do_and_nothing_unescaped() -> None:
    answer = _answer(TaplineError("The name is <i>taken</i>.", **TOLD))

    assert answer is not None
    page = answer.content.decode()
    assert "<html" in page
    assert "The name is &lt;i&gt;taken&lt;/i&gt;." in page
    assert "It is &lt;b&gt;taken&lt;/b&gt;." in page
    assert "Choose another." in page


def test_htmx_gets_a_fragment() -> None:
    answer = _answer(TaplineError("No.", **TOLD), **{"HX-Request": "true"})

    assert answer is not None
    assert "<html" not in answer.content.decode()


def test_what_nobody_can_act_on_is_left_to_the_server() -> None:
    assert _answer(RuntimeError("a programming error")) is None

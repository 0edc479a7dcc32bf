"""What is said by itself: in the words of the law, in four languages, at the price of one part."""

from __future__ import annotations

import pytest

from tapline.replies.automatic import automatic_text, save_words
from tapline.replies.models import AnswerKind
from tapline.texts.parts import describe
from tapline.workspaces.tree import create_workspace

BY_ITSELF = (AnswerKind.HELP, AnswerKind.CONFIRMATION, AnswerKind.RETURN)


@pytest.mark.django_db
@pytest.mark.parametrize("contact", ["", "help@harbour-bakery.example.com, +1 212 555 0190"])
@pytest.mark.parametrize("language", ["en", "es", "fr", "de"])
def test_what_we_say_by_ourselves_fits_one_part_in_every_language(
    language: str, contact: str
) -> None:
    workspace = create_workspace("The Bakery in the Harbour")
    save_words(workspace, {"contact": contact}, actor="test")

    for kind in BY_ITSELF:
        text = automatic_text(workspace, kind, language)
        counted = describe(text)
        assert (counted.encoding, counted.parts) == ("GSM-7", 1), text

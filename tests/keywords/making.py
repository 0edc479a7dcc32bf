"""What tests of keywords start from."""

from __future__ import annotations

from typing import Any

from tapline.keywords.models import Keyword
from tapline.keywords.writing import KeywordDetails, create_keyword
from tapline.workspaces.models import Workspace
from tests.broadcasts.making import ACTOR

WORDING = "Text PIZZA to get offers from the Bakery, up to 4 a month. STOP ends."
REPLY = "Hi {{ first_name | there }}, today's pizza: https://www.example.com/pizza"


def make_keyword(workspace: Workspace, **changes: Any) -> Keyword:
    details = {"word": "PIZZA", "reply_text": REPLY} | changes
    return create_keyword(workspace, KeywordDetails(**details), actor=ACTOR)

"""The design's colours: whoever reads a page can read it, in light and in dark."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tapline.web.bundle import FRONTEND

STYLES = FRONTEND / "styles"
TEXT = 4.5  # WCAG 2.2, 1.4.3: text and its ground
EDGES = 3.0  # WCAG 2.2, 1.4.11: what outlines a control, and figures

PAIRS = [
    *[(ink, ground, TEXT) for ink in ("ink", "quiet") for ground in ("wash", "paper", "sunken")],
    *[(ink, ground, TEXT) for ink in ("accent", "bad", "warn") for ground in ("wash", "paper")],
    ("accent-strong", "paper", TEXT),
    ("accent", "sunken", TEXT),
    ("accent", "accent-soft", TEXT),
    ("ink", "accent-soft", TEXT),
    ("quiet", "accent-soft", TEXT),
    ("accent-ink", "accent", TEXT),
    ("accent-ink", "accent-strong", TEXT),
    ("bad", "bad-soft", TEXT),
    ("ink", "bad-soft", TEXT),
    ("warn", "warn-soft", TEXT),
    ("ink", "warn-soft", TEXT),
    ("quiet", "warn-soft", TEXT),
    ("paper", "warn", TEXT),
    ("edge", "paper", EDGES),
    ("edge", "wash", EDGES),
    ("people", "paper", EDGES),
]


@pytest.mark.parametrize("mode", ["light", "dark"])
@pytest.mark.parametrize(("front", "back", "least"), PAIRS)
def test_every_pair_of_colours_can_be_told_apart(
    mode: str, front: str, back: str, least: float
) -> None:
    colours = _colours(mode)

    assert _contrast(colours[front], colours[back]) >= least


@pytest.mark.parametrize("sheet", sorted(STYLES.glob("*.css")), ids=lambda path: path.name)
def test_colours_stand_in_the_tokens_alone(sheet: Path) -> None:
    text = re.sub(r"/\*.*?\*/", "", sheet.read_text(encoding="utf-8"), flags=re.DOTALL)
    text = text.replace("background: #ffffff;", "", 1)  # What scanners need behind a QR code.

    if sheet.name != "tokens.css":
        assert re.findall(r"#[0-9a-f]{3,8}\b(?=[^{]*[;}])", text) == []


def _colours(mode: str) -> dict[str, str]:
    light, dark = (STYLES / "tokens.css").read_text(encoding="utf-8").split("@media (prefers-", 1)
    found = dict(re.findall(r"--([a-z0-9-]+): (#[0-9a-f]{6});", light))
    if mode == "dark":
        found |= re.findall(r"--([a-z0-9-]+): (#[0-9a-f]{6});", dark)
    return found


def _contrast(one: str, other: str) -> float:
    """Return the contrast of two colours, 1 to 21. Source: WCAG 2.2, «contrast ratio»."""
    brighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (brighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    channels = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue

"""What could be better about a text, and how: small rules, each with the places it speaks of.

A rule says what it found and, where that is sure to keep the meaning, what could stand instead;
the words for people (what, why, what to do) stand with the pages. No rule speaks of an empty text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

from tapline.texts.links import FoundLink, find_links
from tapline.texts.opt_out_line import opt_out_line, says_how_to_opt_out
from tapline.texts.pushy_phrases import PATTERN as PUSHY
from tapline.texts.spans import words_only

# So many large letters in a row are shouting; fewer are USA, BBQ, DIY.
SHOUTED_LETTERS = 4
# Words that are written large for a reason.
_LARGE_WORDS = {"STOP", "STOPP", "STOPALL", "UNSTOP", "BAJA", "ALTO", "HELP", "START", "INFO"}
_LARGE_WORDS |= {"GMBH", "ASAP", "RSVP", "BOGO"}
# What stands before a word that somebody has to type as it is written.
_CODE_FOLLOWS = re.compile(
    r"(?:code|coupon|promo|código|codigo|cupón|cupon|gutschein)(?:\s+(?:is|es|ist|lautet))?"
    r"[\s:\"'«„“]*$",
    re.IGNORECASE,
)


_SENTENCE_ENDS = re.compile(r" *[.!?…]+ *| *(?=\n|$)")
_LETTER = r"[^\W\d_]"
_WORDS = re.compile(rf"(?<!\w){_LETTER}{{2,}}(?!\w)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What is known around a text: how it is sent, and by whom."""

    brand: str = ""  # as recipients know the sender
    host: str = ""  # of the short links; empty where it says nothing, such as localhost
    shorteners: Collection[str] = ()
    own_hosts: Collection[str] = ()  # whose addresses lead everybody to the same short link
    language: str = "en"
    needs_opt_out: bool = True
    style: Mapping[str, str] = field(default_factory=dict)  # word to avoid: what to write, or ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """One thing to better. `text[start:end]` is what it speaks of (all of it: 0 to the end);
    written as `instead` it is mended, None: only a person can. `found` is named in the words."""

    rule: str
    start: int
    end: int
    found: str
    instead: str | None = None


@dataclass(frozen=True, slots=True)
class _Draft:
    """A text with what every rule looks at."""

    text: str
    links: list[FoundLink]
    prose: str  # the text with links and merge fields blanked out, as long as it
    context: Context


def advise(text: str, context: Context) -> list[Advice]:
    """Return what could be better about `text`, in the order of `RULES`. Never raises."""
    if not text.strip():
        return []
    links = find_links(text)
    draft = _Draft(text, links, words_only(text), context)
    return [_keeping_links(draft, advice) for rule in RULES for advice in rule(draft)]


def mend(text: str, advice: Advice) -> str:
    """Return `text` with what an advice speaks of written as it says."""
    if advice.instead is None:
        return text
    return text[: advice.start] + advice.instead + text[advice.end :]


def several_links(draft: _Draft) -> Iterator[Advice]:
    """More than one destination: taps divide, and filters take it for spam."""
    urls = list(dict.fromkeys(link.url for link in draft.links))
    if len(urls) > 1:
        second = next(link for link in draft.links if link.url == urls[1])
        yield Advice(rule="several_links", start=second.start, end=second.end, found=str(len(urls)))


def shortener(draft: _Draft) -> Iterator[Advice]:
    """A public shortener's address: carriers block those, and the real page is hidden."""
    for link in draft.links:
        if _host(link.url).removeprefix("www.") in draft.context.shorteners:
            yield _about(link, "shortener")


def same_for_all(draft: _Draft) -> Iterator[Advice]:
    """An address that everybody gets alike: nobody can say who tapped it."""
    for link in draft.links:
        if _host(link.url) in draft.context.own_hosts:
            yield _about(link, "own_link")
    for overlooked in re.finditer(r"https?://\S*", draft.prose):
        start, end = overlooked.span()
        at_word = start > 0 and not draft.text[start - 1].isspace()
        yield Advice(
            rule="untracked_link",
            start=start,
            end=end,
            found=draft.text[start:end],
            instead=f" {draft.text[start:end]}"
            if at_word and _is_link(draft, start, end)
            else None,
        )


def link_in_the_middle(draft: _Draft) -> Iterator[Advice]:
    """A single link with words on both sides: phones then show no preview of its page."""
    if len(draft.links) != 1:
        return
    (link,) = draft.links
    before, after = draft.text[: link.start], draft.text[link.end :]
    if not before.strip() or not after.strip(" .!?\n"):
        return
    yield Advice(
        rule="link_in_the_middle",
        start=0,
        end=len(draft.text),
        found=link.text,
        instead=_moved_to_the_end(before, link.text, after),
    )


def shouting(draft: _Draft) -> Iterator[Advice]:
    """Words in large letters, and heaps of exclamation marks."""
    for start, end in _shouted_runs(draft.prose, draft.context.brand):
        found = draft.text[start:end]
        yield Advice(
            rule="shouting",
            start=start,
            end=end,
            found=found,
            instead=found[:1] + found[1:].lower(),
        )
    for marks in re.finditer(r"[!?]{2,}(?!\w)", draft.prose):
        if marks[0] not in ("?!", "!?"):
            yield Advice(
                rule="exclamation",
                start=marks.start(),
                end=marks.end(),
                found=marks[0],
                instead="?" if "?" in marks[0] else "!",
            )


def pushy(draft: _Draft) -> Iterator[Advice]:
    """Phrases that push; one that is a sentence of its own can be left out."""
    for phrase in PUSHY.finditer(draft.prose):
        start, end = phrase.span()
        sentence = _whole_sentence(draft.text, start, end)
        yield Advice(
            rule="pushy",
            start=sentence[0] if sentence else start,
            end=sentence[1] if sentence else end,
            found=phrase[0],
            instead="" if sentence and _something_remains(draft.text, *sentence) else None,
        )


def no_opt_out(draft: _Draft) -> Iterator[Advice]:
    """No word on how to get no more of them."""
    if draft.context.needs_opt_out and not says_how_to_opt_out(draft.prose):
        line = opt_out_line(draft.context.language)
        yield Advice(
            rule="no_opt_out",
            start=len(draft.text.rstrip()),
            end=len(draft.text),
            found=line,
            instead=f"\n{line}",
        )


def no_brand(draft: _Draft) -> Iterator[Advice]:
    """The text does not say who writes."""
    brand = draft.context.brand
    if brand and not _names(draft.prose, brand):
        yield Advice(rule="no_brand", start=0, end=0, found=brand, instead=f"{brand}: ")


def other_domain(draft: _Draft) -> Iterator[Advice]:
    """The brand named in the text is not the one in its short links."""
    brand, host = draft.context.brand, draft.context.host
    if draft.links and brand and host and not _alike(brand, host):
        link = draft.links[0]
        yield Advice(rule="other_domain", start=link.start, end=link.end, found=host)


def style(draft: _Draft) -> Iterator[Advice]:
    """The workspace's own words: what not to write, and what instead."""
    for word, instead in draft.context.style.items():
        if not word.strip():
            continue
        spaced = r"\s+".join(re.escape(each) for each in word.split())
        for found in re.finditer(rf"(?<!\w){spaced}(?!\w)", draft.prose, re.IGNORECASE):
            if found[0] != instead:
                yield Advice(
                    rule="style_other" if instead else "style_avoid",
                    start=found.start(),
                    end=found.end(),
                    found=found[0],
                    instead=_same_case(found[0], instead) if instead else None,
                )


RULES: tuple[Callable[[_Draft], Iterator[Advice]], ...] = (
    no_opt_out,
    shortener,
    same_for_all,
    several_links,
    no_brand,
    other_domain,
    link_in_the_middle,
    shouting,
    pushy,
    style,
)


def _keeping_links(draft: _Draft, advice: Advice) -> Advice:
    """Return the advice, to be followed by hand where its mending would change a link: what stands
    right behind an address may become a part of it."""
    if advice.instead is None:
        return advice
    kept = {link.url for link in find_links(mend(draft.text, advice))}
    if all(link.url in kept for link in draft.links):
        return advice
    return replace(advice, instead=None)


def _about(link: FoundLink, rule: str) -> Advice:
    return Advice(rule=rule, start=link.start, end=link.end, found=link.text)


def _host(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").lower()
    except ValueError:  # such as a bracket that no IPv6 address has
        return ""


def _is_link(draft: _Draft, start: int, end: int) -> bool:
    return bool(find_links(draft.text[start:end]))


def _moved_to_the_end(before: str, link: str, after: str) -> str | None:
    """Return the text with its link last, where a sentence or a line ends behind it."""
    ends_there = re.match(r"[.!?]?\s*\n|[.!?]\s+", after)
    if ends_there is None and not says_how_to_opt_out(after):
        return None
    rest = after.lstrip(".!?").strip()
    between = "\n" if "\n" in before + after else " "
    return f"{before.rstrip()}{between}{rest}{between}{link}"


def _shouted_runs(prose: str, brand: str) -> Iterator[tuple[int, int]]:
    """Yield where large words follow each other that need not be written so."""
    runs: list[list[re.Match[str]]] = []
    for word in _WORDS.finditer(prose):
        if not _shouts(prose, word, brand):
            continue
        if runs and not prose[runs[-1][-1].end() : word.start()].strip(" -"):
            runs[-1].append(word)
        else:
            runs.append([word])
    for run in runs:
        if any(len(each[0]) >= SHOUTED_LETTERS for each in run):
            yield run[0].start(), run[-1].end()


def _shouts(prose: str, word: re.Match[str], brand: str) -> bool:
    return (
        word[0].isupper()
        and word[0] not in _LARGE_WORDS
        and word[0] not in brand
        and _CODE_FOLLOWS.search(prose, max(0, word.start() - 20), word.start()) is None
    )


def _whole_sentence(text: str, start: int, end: int) -> tuple[int, int] | None:
    """Return where the sentence is that consists of `text[start:end]` alone, its mark included."""
    before, after = text[:start].rstrip(" ¡¿"), _SENTENCE_ENDS.match(text, end)
    if after is None or (before and before[-1] not in ".!?…\n:"):
        return None
    space = 1 if before and before[-1] != "\n" else 0
    return min(start, len(before) + space), after.end()


def _something_remains(text: str, start: int, end: int) -> bool:
    return bool((text[:start] + text[end:]).strip())


def _names(prose: str, brand: str) -> bool:
    """Say whether a text names its sender, by the whole name or its first telling word."""
    squashed = _squash(prose)
    return _squash(brand) in squashed or any(word in squashed for word in _telling(brand))


def _alike(brand: str, host: str) -> bool:
    name = _squash(host)
    labels = [_squash(label) for label in host.split(".")[:-1]]
    return any(word in name for word in _telling(brand)) or any(
        len(label) > 2 and label in _squash(brand) for label in labels
    )


def _telling(brand: str) -> list[str]:
    """Return the words of a name that tell it from others; the whole name where all are short."""
    words = [_squash(word) for word in brand.split()]
    return [word for word in words if len(word) > 3] or [_squash(brand)]


def _squash(text: str) -> str:
    return "".join(each for each in text.casefold() if each.isalnum())


def _same_case(found: str, instead: str) -> str:
    return instead[:1].upper() + instead[1:] if found[:1].isupper() else instead

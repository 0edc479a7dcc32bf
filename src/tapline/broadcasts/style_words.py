"""The words that a workspace does not write in its texts, and what it writes instead.

Whoever is below keeps to the words of all above it; where both name a word, the nearer one counts.
"""

from __future__ import annotations

from collections.abc import Mapping

from django.db import transaction
from django.utils.translation import gettext as _

from tapline.broadcasts.composing import BadBroadcast
from tapline.broadcasts.models import StyleWord
from tapline.workspaces.audit import record
from tapline.workspaces.models import Workspace

MOST_WORDS = 300
LONGEST = 80


def style_of(workspace: Workspace) -> dict[str, str]:
    """Return word → what to write instead ("": leave it out), for a workspace's texts."""
    found = StyleWord.objects.filter(workspace_id__in=workspace.ancestor_ids)
    rows = found.order_by("workspace__path", "word").values_list("word", "instead")
    return dict(rows)  # The nearer ones come last, and stay.


def own_words(workspace: Workspace) -> dict[str, str]:
    """Return what the workspace itself named."""
    found = StyleWord.objects.filter(workspace=workspace).order_by("word")
    return dict(found.values_list("word", "instead"))


def set_words(workspace: Workspace, words: Mapping[str, str], *, actor: str) -> None:
    """Replace the words that a workspace named itself."""
    with transaction.atomic():
        before = own_words(workspace)
        if before == dict(words):
            return
        StyleWord.objects.filter(workspace=workspace).delete()
        StyleWord.objects.bulk_create(
            StyleWord(workspace=workspace, word=word, instead=instead)
            for word, instead in words.items()
        )
        record(workspace, actor, "style_words.set", workspace, before, dict(words))


def read_words(lines: str) -> dict[str, str]:
    """Return the words in lines such as `cheap = affordable` or `client`; raises `BadBroadcast`."""
    words: dict[str, str] = {}
    for line in filter(None, map(str.strip, lines.splitlines())):
        word, _sign, instead = (part.strip() for part in line.partition("="))
        if not word or max(len(word), len(instead)) > LONGEST:
            raise BadBroadcast(
                _("The line «%(line)s» cannot be read.") % {"line": line[:60]},
                why=_("A line holds one word or phrase, and after = what is written instead."),
                do=_("Write it like «cheap = affordable», or «client» alone to avoid it."),
            )
        words[word.lower()] = instead
    if len(words) > MOST_WORDS:
        raise BadBroadcast(
            _("These are too many words."),
            why=_("%(most)d are the most that are looked for.") % {"most": MOST_WORDS},
            do=_("Keep those that matter."),
        )
    return words


def write_words(words: Mapping[str, str]) -> str:
    """Return words as lines, as `read_words` takes them."""
    return "\n".join(f"{word} = {instead}" if instead else word for word, instead in words.items())

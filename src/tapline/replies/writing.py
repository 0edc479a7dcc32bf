"""What an answer will cost and look like while it is being written."""

from __future__ import annotations

from tapline.broadcasts.composing import sample_url
from tapline.links.domains import NoDomain, domain_for
from tapline.texts.links import find_links, replace_links
from tapline.texts.parts import PartCount, describe
from tapline.workspaces.models import Workspace


def as_it_leaves(workspace: Workspace, text: str) -> str:
    """Return `text` with links as long as its tracked ones will be, which lead nowhere."""
    found = find_links(text)
    if not found:
        return text
    try:
        url = sample_url(domain_for(workspace))
    except NoDomain:
        return text
    return replace_links(text, found, [url] * len(found))


def count(workspace: Workspace, text: str) -> PartCount:
    """Return what an answer of this text is billed as."""
    return describe(as_it_leaves(workspace, text))

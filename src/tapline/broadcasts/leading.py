"""Where the links of a draft lead, and which of those pages did not work when they were last
looked at."""

from __future__ import annotations

from collections.abc import Iterator

from tapline.broadcasts.models import Broadcast
from tapline.broadcasts.wordings import texts_of
from tapline.destinations import check_destination, has_fields, with_utm
from tapline.errors import TaplineError
from tapline.links.destination_findings import State
from tapline.links.destination_told import Told, tell
from tapline.links.domains import own_hosts
from tapline.links.watching import known
from tapline.texts.personal import compile_text


def addresses_of(draft: Broadcast) -> tuple[list[str], list[str]]:
    """Return the addresses that links of a draft's texts will lead to, as far as they can be read,
    and those that differ for each recipient."""
    urls = list(dict.fromkeys(url for text in texts_of(draft) for url in _urls(text)))
    plain = [url for url in urls if not has_fields(url)]
    return list(_checked(plain, draft.utm)), [url for url in urls if has_fields(url)]


def not_working(draft: Broadcast) -> list[Told]:
    """Return the pages that failed when they were last looked at. Looks at none itself."""
    addresses, _differing = addresses_of(draft)
    found = (known(draft.workspace, each) for each in addresses)
    return [tell(each) for each in found if each is not None and each.state == State.FAILING]


def _urls(text: str) -> tuple[str, ...]:
    try:
        return compile_text(text).urls
    except TaplineError:  # The preview says what is wrong with it.
        return ()


def _checked(urls: list[str], utm: dict[str, str]) -> Iterator[str]:
    hosts = own_hosts()
    for url in urls:
        try:
            yield with_utm(check_destination(url, own_hosts=hosts), utm)
        except TaplineError:  # The preview says it.
            continue

"""Every address of the product that has a name, taken from the addresses themselves."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from django.urls import URLPattern, URLResolver, get_resolver

# Programs ask these; no person opens them.
NO_PAGES = ("api",)
# These show a passkey, which only a browser can make: test_sign_in.py opens them.
OF_PASSKEYS = ("mfa_remove_webauthn", "mfa_edit_webauthn")
# Pages that the seeded owner does not have: what is instead.
NOT_HERE = {
    "signin:single-sign-on": "not set up: leads to another host",
    "signin:came-back": "not set up",
    "mfa_view_recovery_codes": "of a second factor: test_sign_in.py",
    "mfa_download_recovery_codes": "a text file",
    "mfa_deactivate_totp": "of a second factor: the page is like the one that makes codes",
    "mfa_edit_webauthn": "of a passkey: test_sign_in.py",
    "mfa_remove_webauthn": "of a passkey: test_sign_in.py",
    "mfa_reauthenticate": "of a second factor: the page is like the one after the link",
    "mfa_reauthenticate_webauthn": "of a passkey: the page is like the one after the link",
}


@cache
def addresses() -> dict[str, frozenset[str]]:
    """Return what each named address holds (`workspace_id`, …), by name."""
    return dict(_walk(get_resolver().url_patterns, "", frozenset()))


def _walk(
    patterns: list[URLPattern | URLResolver], space: str, above: frozenset[str]
) -> Iterator[tuple[str, frozenset[str]]]:
    for each in patterns:
        known = above | set(each.pattern.converters)
        if isinstance(each, URLResolver):
            inner = ":".join(filter(None, (space, each.namespace)))
            yield from _walk(each.url_patterns, inner, known)
        elif each.name and space not in NO_PAGES and each.name not in OF_PASSKEYS:
            yield f"{space}:{each.name}" if space else each.name, known

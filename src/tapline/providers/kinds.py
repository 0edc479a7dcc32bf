"""What a kind of provider is: the fields of its accounts, and how its adapter is made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from django.utils.functional import Promise

from tapline.errors import TaplineError
from tapline.providers.base import Provider, Reason


class BadAccount(TaplineError):
    """An account's fields hold something that its provider cannot use."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One thing that an account of this kind knows. Secret ones are sealed and never shown."""

    name: str
    label: str | Promise
    help: str | Promise = ""
    secret: bool = False
    required: bool = True
    default: str = ""
    is_long: bool = False  # several lines
    choices: tuple[tuple[str, str | Promise], ...] = ()  # (value, words); empty: any text
    limits: tuple[float, float] | None = None  # of a number; None: it need not be one

    def in_words(self, value: str) -> str:
        """Return a value as people are shown it."""
        return str(dict(self.choices).get(value, value))


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """One account as its adapter sees it, secrets open. `name` is what messages and threads call
    it; `webhooks` is the address below which the provider calls us."""

    name: str
    account_id: int
    workspace_id: int
    token: str
    webhooks: str
    options: Mapping[str, str]
    secrets: Mapping[str, str]

    def __repr__(self) -> str:  # Secrets never print.
        return f"Setup({self.name!r})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of provider. `check` raises `BadAccount`; `build` makes the adapter."""

    key: str
    label: str | Promise
    fields: tuple[Field, ...]
    check: Callable[[Mapping[str, str], Mapping[str, str]], None]
    build: Callable[[Setup], Provider]
    # What the addresses that the provider calls are for: (words, path below the account's own).
    hooks: tuple[tuple[str | Promise, str], ...] = ()
    takes_media: Callable[[Mapping[str, str]], bool] = lambda options: False
    # What error codes mean where each account says so itself, from its options.
    reasons: Callable[[Mapping[str, str]], Mapping[str, Reason]] | None = None

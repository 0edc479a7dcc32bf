"""Key generations of a domain: how they come to be, and the cipher that each one is."""

from __future__ import annotations

import functools
import secrets

from django.db import transaction
from django.db.models import Max

from tapline import config
from tapline.codes.ff1 import CodeCipher
from tapline.codes.keys import generation_key
from tapline.instance.keys import Purpose, derive, instance_key
from tapline.links.changes import next_change
from tapline.links.models import Domain, KeyGeneration


def add_generation(domain: Domain, epoch: int) -> KeyGeneration:
    """Return a new newest generation of `domain`; links made from now on use it."""
    with transaction.atomic():
        change = next_change()
        newest = domain.generations.aggregate(Max("number"))["number__max"] or 0
        return KeyGeneration.objects.create(
            domain=domain,
            number=newest + 1,
            key_id=secrets.token_hex(16),
            epoch=epoch,
            change=change,
        )


def newest_generation(domain_id: int) -> KeyGeneration:
    """Return the generation that serves new links."""
    return KeyGeneration.objects.filter(domain_id=domain_id).order_by("-number")[0]


def older_generations(generation: KeyGeneration) -> list[KeyGeneration]:
    """Return the generations of the same domain that came before, newest first."""
    older = KeyGeneration.objects.filter(
        domain_id=generation.domain_id, number__lt=generation.number
    )
    return list(older.order_by("-number"))


def cipher_of(generation: KeyGeneration, length: int) -> CodeCipher:
    """Return the cipher between serials and codes of one generation and length."""
    return cipher(generation.domain_id, generation.key_id, length)


@functools.lru_cache(maxsize=1024)
def cipher(domain_id: int, key_id: str, length: int) -> CodeCipher:
    """Return the cipher of the generation with this domain and key id."""
    return CodeCipher(generation_key(_codes_key(), domain_id, key_id), length)


@functools.cache
def _codes_key() -> bytes:
    return derive(instance_key(config.current()), Purpose.CODES)

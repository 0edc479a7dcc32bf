"""How links are found by what somebody remembers of them."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, Q

from tapline.links.models import Alias


def named(words: str) -> Q:
    """Return a condition: each of `words` stands in the link's name, destination or an alias."""
    condition = Q()
    for word in words.split():
        own = Alias.objects.filter(link=OuterRef("pk"), deleted_at=None, path__icontains=word)
        condition &= Q(name__icontains=word) | Q(destination__icontains=word) | Q(Exists(own))
    return condition

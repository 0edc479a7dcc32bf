"""Epochs: begun with the instance, renewed by a restore, never under a foreign key."""

from __future__ import annotations

import pytest

from tapline.instance.epochs import WrongMasterKey, begin_epoch, ensure_instance
from tapline.instance.models import Instance
from tapline.links.codebook import load_codebook
from tapline.links.minting import mint_range
from tapline.links.models import KeyGeneration
from tests.links.making import make_domain, make_link

pytestmark = pytest.mark.django_db


def test_an_instance_is_made_once() -> None:
    assert ensure_instance().uuid == ensure_instance().uuid
    assert Instance.objects.count() == 1


def test_a_foreign_master_key_is_refused_before_it_makes_codes() -> None:
    ensure_instance()
    Instance.objects.update(key_fingerprint="0" * 64)

    with pytest.raises(WrongMasterKey):
        ensure_instance()
    with pytest.raises(WrongMasterKey):
        make_domain()


def test_a_new_epoch_gives_every_domain_a_new_key_that_edges_hear_of() -> None:
    domain, other = make_domain(), make_domain(host="other.example.com")
    link = make_link(domain)
    mint_range(link, 3)
    before = load_codebook([link.pk]).codes(link.pk, range(3))
    epoch = ensure_instance().epoch

    instance = begin_epoch("a test")

    assert instance.epoch > epoch
    newest = KeyGeneration.objects.filter(number=2)
    assert set(newest.values_list("domain_id", flat=True)) == {domain.pk, other.pk}
    assert set(newest.values_list("epoch", flat=True)) == {instance.epoch}
    assert min(newest.values_list("change", flat=True)) > link.change
    mint_range(link, 3, first_position=3)
    after = load_codebook([link.pk]).codes(link.pk, range(6))
    assert after[:3] == before
    assert len(set(after)) == 6


def test_two_epochs_of_one_second_differ() -> None:
    assert begin_epoch("first").epoch < begin_epoch("second").epoch

"""Registers the feature with Django, with what it keeps, what stops it, and what restores close."""

from __future__ import annotations

from django.apps import AppConfig


class BroadcastsConfig(AppConfig):
    name = "tapline.broadcasts"
    label = "broadcasts"

    def ready(self) -> None:
        from tapline.broadcasts import kept
        from tapline.broadcasts.sharing import close_shares
        from tapline.broadcasts.stopping import stop_waiting
        from tapline.broadcasts.watched import held_by_many, remember_mended
        from tapline.contacts import keeping
        from tapline.contacts.consent import ON_OPT_OUT
        from tapline.instance.restoring import CLOSE_ACCESS
        from tapline.links.changing import ON_MENDED
        from tapline.links.watching import FOR_EVERYBODY
        from tapline.providers.simulator import kept as simulator_kept

        if stop_waiting not in ON_OPT_OUT:
            ON_OPT_OUT.append(stop_waiting)
        if close_shares not in CLOSE_ACCESS:
            CLOSE_ACCESS.append(close_shares)
        if held_by_many not in FOR_EVERYBODY:
            FOR_EVERYBODY.append(held_by_many)
        if remember_mended not in ON_MENDED:
            ON_MENDED.append(remember_mended)
        # The simulator is no Django app; its ledger lies in our data folder all the same.
        keeping.register(*kept.KEPT, *simulator_kept.KEPT)

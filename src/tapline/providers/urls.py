"""Addresses of providers and sender numbers, below a workspace's own."""

from __future__ import annotations

from django.urls import path

from tapline.providers import pages

app_name = "providers"
urlpatterns = [
    path("providers/", pages.list_accounts, name="list"),
    path("providers/new", pages.create, name="new"),
    path("providers/<int:account_id>/", pages.show, name="show"),
    path("providers/<int:account_id>/change", pages.change, name="change"),
    path("providers/<int:account_id>/test", pages.test, name="test"),
    path("providers/<int:account_id>/prices", pages.save_prices, name="prices"),
    path("providers/<int:account_id>/retire", pages.retire, name="retire"),
    path("sender-numbers/", pages.list_senders, name="senders"),
    path("sender-numbers/new", pages.add_sender, name="add-sender"),
    path("sender-numbers/<int:sender_id>/", pages.change_sender, name="sender"),
    path("sender-numbers/<int:sender_id>/retire", pages.retire_sender, name="retire-sender"),
]

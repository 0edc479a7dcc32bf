"""Registers the feature with Django."""

from __future__ import annotations

from django.apps import AppConfig


class ContactsConfig(AppConfig):
    name = "tapline.contacts"
    label = "contacts"

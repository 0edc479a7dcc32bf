"""Addresses of the first minutes, below a workspace's own."""

from __future__ import annotations

from django.urls import path

from tapline.welcome import pages, pages_set_up

app_name = "welcome"
urlpatterns = [
    path("set-up", pages_set_up.set_up, name="set-up"),
    path("try", pages.show_try, name="try"),
    path("sample", pages.make, name="make-sample"),
    path("sample/remove", pages.remove, name="remove-sample"),
    path("phone", pages.show_phone, name="phone"),
    path("text/<int:message_id>", pages.show_text, name="text"),
    path("phone/<int:link_id>/taps", pages.show_phone_taps, name="phone-taps"),
]

"""Addresses of conversations, below a workspace's own."""

from __future__ import annotations

from django.urls import path, register_converter

from tapline.replies import pages, pages_settings
from tapline.replies.threads import LISTS

app_name = "replies"


class ListConverter:
    """Only what `threads.LISTS` names is an address."""

    regex = "|".join(LISTS)

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(ListConverter, "thread_list")

urlpatterns = [
    path("", pages.list_threads, name="list"),
    path("decisions", pages.list_undecided, name="decisions"),
    path("decisions/<int:reply_id>", pages.settle, name="decide"),
    path("settings", pages_settings.show, name="settings"),
    path("settings/mails", pages_settings.choose_mails, name="choose-mails"),
    path("settings/words", pages_settings.change_words, name="change-words"),
    path("settings/reach", pages_settings.change_reach, name="change-reach"),
    path("<thread_list:list_name>", pages.list_threads, name="list-of"),
    path("<thread_list:list_name>/live", pages.list_live, name="list-live"),
    path("<int:thread_id>/", pages.show, name="show"),
    path("<int:thread_id>/live", pages.show_live, name="live"),
    path("<int:thread_id>/answer", pages.write, name="answer"),
    path("<int:thread_id>/parts", pages.show_parts, name="parts"),
    path("<int:thread_id>/read", pages.read, name="read"),
    path("<int:thread_id>/assign", pages.give, name="assign"),
    path("<int:thread_id>/done", pages.finish, name="done"),
    path("<int:thread_id>/reopen", pages.open_again, name="reopen"),
    path("<int:thread_id>/opt-out", pages.stop, name="opt-out"),
]

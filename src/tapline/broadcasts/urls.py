"""Addresses of broadcasts, below a workspace's own."""

from __future__ import annotations

from django.urls import path, register_converter

from tapline.broadcasts import (
    pages,
    pages_compose,
    pages_confirm,
    pages_destinations,
    pages_openings,
    pages_report,
    pages_texts,
)

app_name = "broadcasts"


class ActionConverter:
    """Only what `pages.ACTIONS` lists is an address."""

    regex = "|".join(pages.ACTIONS)

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


class GroupConverter(ActionConverter):
    """Recipients who tapped, those who did not, and those whose text failed."""

    regex = "|".join(pages_report.GROUPS)


register_converter(ActionConverter, "broadcast_action")
register_converter(GroupConverter, "recipient_group")

urlpatterns = [
    path("", pages.list_broadcasts, name="list"),
    path("new", pages_compose.compose, name="new"),
    path("preview", pages_compose.show_preview, name="preview"),
    path("reach", pages_compose.show_reach, name="reach"),
    path("keep", pages_compose.keep, name="keep"),
    path("texts", pages_texts.list_texts, name="texts"),
    path("texts/new", pages_texts.new_text, name="text-new"),
    path("texts/<int:text_id>", pages_texts.show_text, name="text"),
    path("texts/<int:text_id>/delete", pages_texts.delete_text, name="text-delete"),
    path("words", pages_texts.words, name="words"),
    path("destinations", pages_destinations.show_destinations, name="destinations"),
    path("<int:broadcast_id>/", pages.show, name="show"),
    path("<int:broadcast_id>/failing", pages_destinations.show_failing, name="failing"),
    path("<int:broadcast_id>/text", pages_compose.compose, name="compose"),
    path("<int:broadcast_id>/findings", pages.show_findings, name="findings"),
    path("<int:broadcast_id>/live", pages_report.show_live, name="live"),
    path("<int:broadcast_id>/details", pages_report.show_details, name="details"),
    path(
        "<int:broadcast_id>/recipients/<recipient_group:group>",
        pages_report.list_recipients,
        name="recipients",
    ),
    path(
        "<int:broadcast_id>/openings/<int:message_id>",
        pages_openings.show_openings,
        name="openings",
    ),
    path("<int:broadcast_id>/send", pages_confirm.confirm, name="confirm"),
    path("<int:broadcast_id>/plan", pages_confirm.show_plan, name="plan"),
    path("<int:broadcast_id>/take-back", pages_confirm.take_back, name="take-back"),
    path("<int:broadcast_id>/test", pages_confirm.test, name="test"),
    path("<int:broadcast_id>/schedule", pages.send_later, name="schedule"),
    path("<int:broadcast_id>/<broadcast_action:action>", pages.act, name="act"),
]

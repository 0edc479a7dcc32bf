"""Addresses of broadcasts, below a workspace's own."""

from __future__ import annotations

from django.urls import path, register_converter

from tapline.broadcasts import (
    pages,
    pages_compare,
    pages_compose,
    pages_confirm,
    pages_destinations,
    pages_export,
    pages_link,
    pages_openings,
    pages_pictures,
    pages_recipients,
    pages_report,
    pages_sharing,
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
    """All recipients, those who tapped, those who did not, and those whose text failed."""

    regex = "|".join(pages_recipients.LISTS)


register_converter(ActionConverter, "broadcast_action")
register_converter(GroupConverter, "recipient_group")


class FormatConverter(ActionConverter):
    """As what a report can be taken away."""

    regex = "|".join(pages_export.FORMATS)


register_converter(FormatConverter, "export_format")

urlpatterns = [
    path("", pages.list_broadcasts, name="list"),
    path("new", pages_compose.compose, name="new"),
    path("preview", pages_compose.show_preview, name="preview"),
    path("links/<int:link_id>/", pages_link.show_link_report, name="link-report"),
    path("reach", pages_compose.show_reach, name="reach"),
    path("pictures", pages_pictures.change_pictures, name="pictures"),
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
    path("<int:broadcast_id>/held-out", pages_report.show_held_out, name="held-out"),
    path("<int:broadcast_id>/audiences", pages_report.show_audiences, name="audiences"),
    path(
        "<int:broadcast_id>/recipients/<recipient_group:group>",
        pages_recipients.list_recipients,
        name="recipients",
    ),
    path(
        "<int:broadcast_id>/recipients/<recipient_group:group>/segment",
        pages_recipients.make_segment,
        name="make-segment",
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
    path("compare", pages_compare.compare, name="compare"),
    path("<int:broadcast_id>/sharing", pages_sharing.show, name="sharing"),
    path(
        "<int:broadcast_id>/sharing/<int:share_id>/withdraw",
        pages_sharing.withdraw,
        name="withdraw-share",
    ),
    path(
        "<int:broadcast_id>/sharing/<int:share_id>/open",
        pages_sharing.open_again,
        name="open-share",
    ),
    path(
        "<int:broadcast_id>/figures.<export_format:format_name>",
        pages_export.figures,
        name="export-figures",
    ),
    path(
        "<int:broadcast_id>/recipients.<export_format:format_name>",
        pages_export.recipients,
        name="export-recipients",
    ),
    path(
        "<int:broadcast_id>/openings.<export_format:format_name>",
        pages_export.openings,
        name="export-openings",
    ),
    path("<int:broadcast_id>/<broadcast_action:action>", pages.act, name="act"),
]

"""What an account at a provider consists of that templates describe."""

from __future__ import annotations

import json
from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _

from tapline.digits import whole_number
from tapline.outbound import check_address
from tapline.providers.arrival import arrival_fields
from tapline.providers.base import Act, Reason
from tapline.providers.http import templates
from tapline.providers.http.send import CONTENT_TYPES, HttpProvider, words_of
from tapline.providers.http.signing import SCHEMES
from tapline.providers.kinds import BadAccount, Field, Kind

METHODS = ("POST", "PUT", "GET")
MOST_CONNECTIONS = 100
# What templates are tried with when they are saved: characters that break what is not escaped.
SAMPLE = dict.fromkeys(templates.FIELDS, 'a"b\\c &{}\n€')


def check(options: Mapping[str, str], secrets: Mapping[str, str]) -> None:
    """Raise `BadAccount`, `BadTemplate` or `BadAddress` for what cannot work."""
    _one_of("method", options["method"], METHODS)
    _one_of("form of the body", options["body_format"], tuple(CONTENT_TYPES))
    _one_of("proof of webhooks", options["signing"], SCHEMES)
    for name, words in (("url", "The address"), ("headers", "A header"), ("body", "The body")):
        templates.check_template(options[name], words)
    _check_url(options["url"])
    _check_headers(options["headers"])
    if options["body_format"] == "json":
        _check_json(options["body"])
    if not 1 <= (whole_number(options["connections"]) or 0) <= MOST_CONNECTIONS:
        _refuse("That is no number of requests at once.", f"It is 1 to {MOST_CONNECTIONS}.")
    if options["success_path"] and not options["success_values"]:
        _refuse(
            "It is not said which answers mean success.",
            "A path for success was given, and no value to find there.",
        )
    if options["username"] and not secrets.get("secret"):
        _refuse("The secret is missing.", "A user name goes with one, as its password.")


def reasons_of_account(options: Mapping[str, str]) -> dict[str, Reason]:
    """Return the codes that an account lists as opt-outs; all others are shown as they are."""
    said = Reason(
        _("they had opted out at the provider"),
        _("Nothing: they opted out, and are opted out here now too."),
        Act.OPT_OUT,
    )
    return dict.fromkeys(words_of(options.get("opt_out_codes", "")), said)


def names_field(name: str, options: Mapping[str, str]) -> bool:
    """Say whether an account's templates fill in a field."""
    written = " ".join(options.get(each, "") for each in ("url", "headers", "body"))
    return name in templates.fields_in(written)


def _check_url(url: str) -> None:
    host_part = url.partition("//")[2].partition("/")[0]
    if "{{" in host_part:
        _refuse("The host is a template.", "No text's data decides whom we call.")
    check_address(templates.fill(url, dict.fromkeys(templates.FIELDS, "x"), templates.in_address))


def _check_headers(lines: str) -> None:
    for line in filter(None, (each.strip() for each in lines.splitlines())):
        name, colon, _value = line.partition(":")
        if not colon or not name.strip().replace("-", "").isalnum() or not name.isascii():
            _refuse(f"'{line[:40]}' is no header.", "A line holds a name, a colon and a value.")


def _check_json(body: str) -> None:
    try:
        json.loads(templates.fill(body, SAMPLE, templates.in_json))
    except ValueError as error:
        raise BadAccount(
            "The body is no JSON.",
            why=f"With its fields filled it breaks off: {error}.",
            do='Put quotes around fields, as in {"to": "{{ to }}", "text": "{{ text }}"}.',
        ) from error


def _one_of(what: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        _refuse(f"'{value[:40]}' is no {what}.", f"One of {', '.join(allowed)}.")


def _refuse(what: str, why: str) -> None:
    raise BadAccount(what, why=why, do="Correct it and save again; docs/providers.md shows how.")


_PATH = _("A path, such as messages.0.id.")

KIND = Kind(
    key="http",
    label=_("Another provider, by HTTP"),
    fields=(
        Field(
            name="url",
            label=_("Address of its API"),
            help=_("What stands between double braces is filled in: {{ to }}, {{ text }} …"),
        ),
        Field(name="method", label=_("Method"), required=False, default="POST"),
        Field(
            name="body_format",
            label=_("Form of the body"),
            help=_("json, form, text or none"),
            required=False,
            default="json",
        ),
        Field(
            name="body",
            label=_("Body"),
            help=_('Such as {"from": "{{ from }}", "to": "{{ to }}", "text": "{{ text }}"}'),
            required=False,
            is_long=True,
        ),
        Field(
            name="headers",
            label=_("Headers"),
            help=_("A line each, such as Authorization: Bearer {{ secret }}"),
            required=False,
            is_long=True,
        ),
        Field(
            name="username",
            label=_("User name"),
            help=_("Only for HTTP Basic; the secret is its password."),
            required=False,
        ),
        Field(name="secret", label=_("Secret of the API"), secret=True, required=False),
        Field(
            name="id_path",
            label=_("Where its answer names the message"),
            help=_PATH,
            required=False,
            default="id",
        ),
        Field(
            name="success_path",
            label=_("Where its answer says whether it took it"),
            help=_("Empty: every answer of 200 to 299 says yes."),
            required=False,
        ),
        Field(
            name="success_values",
            label=_("What it says there when it did"),
            help=_("With commas."),
            required=False,
        ),
        Field(
            name="error_path",
            label=_("Where its answer names an error"),
            required=False,
            default="error.code",
        ),
        Field(
            name="retry_codes",
            label=_("Errors after which a text may be sent again"),
            help=_("With commas; 429 always does."),
            required=False,
        ),
        Field(
            name="opt_out_codes",
            label=_("Errors that mean that the person opted out there"),
            help=_("With commas. They are opted out here then, too."),
            required=False,
        ),
        Field(name="connections", label=_("Requests at once"), required=False, default="10"),
        Field(
            name="signing",
            label=_("How it proves its webhooks"),
            help=_("secret (it sends the secret itself), hmac-sha256, hmac-sha1 or hmac-sha512"),
            required=False,
            default="secret",
        ),
        Field(
            name="signature_header",
            label=_("Header of secret or signature"),
            help=_("Empty: the address that it calls ends with ?key= and the secret."),
            required=False,
        ),
        Field(
            name="timestamp_header",
            label=_("Header with the time of signing"),
            help=_("Seconds since 1970. Signed are then time, a dot and the body."),
            required=False,
        ),
        Field(name="webhook_secret", label=_("Secret of its webhooks"), secret=True),
        Field(
            name="receipt_list",
            label=_("Receipts: where the list is"),
            help=_("Empty: one in each post."),
            required=False,
        ),
        Field(name="receipt_id", label=_("Receipts: message"), required=False, default="id"),
        Field(
            name="receipt_reference",
            label=_("Receipts: our reference"),
            help=_("If it sends {{ reference }} back."),
            required=False,
        ),
        Field(name="receipt_status", label=_("Receipts: status"), required=False, default="status"),
        Field(name="receipt_error", label=_("Receipts: error"), required=False, default="error"),
        Field(
            name="receipt_cost",
            label=_("Receipts: what it cost"),
            help=_("If it tells; in the currency of the account."),
            required=False,
        ),
        Field(
            name="delivered_words",
            label=_("Its words for delivered"),
            required=False,
            default="delivered, DELIVRD",
        ),
        Field(
            name="failed_words",
            label=_("Its words for failed"),
            required=False,
            default="failed, undelivered, rejected, expired, UNDELIV, REJECTD, EXPIRED",
        ),
        Field(
            name="accepted_words",
            label=_("Its words for taken"),
            required=False,
            default="accepted, queued, sent, ACCEPTD, ENROUTE",
        ),
        Field(
            name="inbound_list",
            label=_("Inbound texts: where the list is"),
            required=False,
        ),
        Field(name="inbound_id", label=_("Inbound texts: id"), required=False, default="id"),
        Field(name="inbound_from", label=_("Inbound texts: from"), required=False, default="from"),
        Field(name="inbound_to", label=_("Inbound texts: to"), required=False, default="to"),
        Field(name="inbound_text", label=_("Inbound texts: text"), required=False, default="text"),
        *arrival_fields(soonest_tap_seconds="2", receipts="yes"),
    ),
    check=check,
    build=HttpProvider,
    takes_media=lambda options: names_field("media", options),
    reasons=reasons_of_account,
    hooks=((_("Receipts"), "receipts"), (_("Inbound texts"), "inbound")),
)

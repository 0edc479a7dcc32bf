"""Pages about providers and sender numbers: accounts, their secrets and prices, webhooks, caps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tapline.errors import TaplineError
from tapline.outbound import is_public_address
from tapline.providers import accounts, numbers
from tapline.providers.models import (
    ProviderAccount,
    Registration,
    SenderKind,
    SenderNumber,
    SenderPool,
)
from tapline.providers.prices import read_prices, set_prices, write_prices
from tapline.providers.registry import KINDS, kind
from tapline.providers.senders import sender_of, usable_senders
from tapline.providers.telling import prices_of_account, tell_account, tell_sender, test_connection
from tapline.web.visits import Visit, inside
from tapline.workspaces.access import Need

KIND_WORDS = {
    SenderKind.LONG_CODE.value: gettext_lazy("Long number"),
    SenderKind.TOLL_FREE.value: gettext_lazy("Toll-free number"),
    SenderKind.SHORT_CODE.value: gettext_lazy("Short code"),
    SenderKind.WORD.value: gettext_lazy("Word (nobody can answer it)"),
    SenderKind.SERVICE.value: gettext_lazy("The provider picks one (Messaging Service)"),
}
REGISTRATION_WORDS = {
    Registration.NOT_NEEDED.value: gettext_lazy("not needed"),
    Registration.MISSING.value: gettext_lazy("missing"),
    Registration.PENDING.value: gettext_lazy("under way"),
    Registration.DONE.value: gettext_lazy("done"),
    Registration.REFUSED.value: gettext_lazy("refused"),
}


@inside(Need.MANAGE)
def list_accounts(visit: Visit) -> HttpResponse:
    """Show the accounts that this workspace may send through, and from what its texts come."""
    usable = list(accounts.usable_accounts(visit.workspace).select_related("workspace"))
    context = {
        "room": "providers",
        "own": [each for each in usable if each.workspace_id == visit.workspace.pk],
        "above": [each for each in usable if each.workspace_id != visit.workspace.pk],
        "kinds": [(key, kind(key).label) for key in KINDS],
        "sender": sender_of(visit.workspace),
    }
    return visit.render("providers/list.html", context)


@inside(Need.MANAGE, "GET", "HEAD", "POST")
def create(visit: Visit) -> HttpResponse:
    """Add an account of the kind in the query; of the first one there is without it."""
    asked_for = visit.request.GET.get("kind", "")
    kind_key = asked_for if asked_for in KINDS else next(iter(KINDS))
    if visit.request.method != "POST":
        return visit.render("providers/account_edit.html", _form(kind_key, {}))
    try:
        made = accounts.create_account(
            visit.workspace,
            kind_key=kind_key,
            name=visit.form("name"),
            values=_posted(visit, kind_key),
            currency=visit.form("currency"),
            actor=visit.actor,
        )
    except TaplineError as error:
        context = _form(kind_key, visit.request.POST) | {"error": error}
        return visit.render("providers/account_edit.html", context, status=422)
    return redirect("providers:show", visit.workspace.pk, made.pk)


@inside(Need.MANAGE)
def show(visit: Visit, account_id: int) -> HttpResponse:
    """Show one account: what to paste at the provider, its numbers, its prices."""
    account = _find(visit, account_id)
    return _show(visit, account, {"prices": write_prices(account)})


def _show(
    visit: Visit, account: ProviderAccount, more: dict[str, object], status: int = 200
) -> HttpResponse:
    hooks = tell_account(account)["webhooks"]
    words = {path: said for said, path in kind(account.kind).hooks}
    context = {
        "room": "providers",
        "account": account,
        "kind": kind(account.kind),
        "options": _fields(account.kind, account.options, only_shown=True),
        "hooks": [(words[path], address) for path, address in hooks.items()],
        "is_reachable": is_public_address(accounts.webhooks_of(account)),
        "senders": account.numbers.filter(retired_at=None).order_by("id"),
    }
    return visit.render("providers/account.html", context | more, status=status)


@inside(Need.MANAGE, "GET", "HEAD", "POST")
def change(visit: Visit, account_id: int) -> HttpResponse:
    """Change an account; a secret that is left empty stays."""
    account = _find(visit, account_id)
    filled = account.options | {"name": account.name, "currency": account.currency}
    context = _form(account.kind, filled) | {"account": account}
    if visit.request.method != "POST":
        return visit.render("providers/account_edit.html", context)
    try:
        accounts.change_account(
            account,
            name=visit.form("name"),
            values=_posted(visit, account.kind),
            currency=visit.form("currency"),
            actor=visit.actor,
        )
    except TaplineError as error:
        context |= _form(account.kind, visit.request.POST) | {"error": error}
        return visit.render("providers/account_edit.html", context, status=422)
    return redirect("providers:show", visit.workspace.pk, account.pk)


@inside(Need.MANAGE, "POST")
def test(visit: Visit, account_id: int) -> HttpResponse:
    """Ask the provider whether it knows us."""
    is_good, said = test_connection(_find(visit, account_id))
    if is_good:
        text = _("It answers, and knows this account: %(name)s") % {"name": said or "–"}
        messages.success(visit.request, text)
    else:
        messages.error(visit.request, said)
    return redirect("providers:show", visit.workspace.pk, account_id)


@inside(Need.MANAGE, "POST")
def save_prices(visit: Visit, account_id: int) -> HttpResponse:
    """Replace the prices of an account; what cannot be read is shown again as it was typed."""
    account, typed = _find(visit, account_id), visit.form("prices")
    try:
        set_prices(account, read_prices(typed.splitlines()), actor=visit.actor)
    except TaplineError as error:
        return _show(visit, account, {"prices": typed, "error": error}, status=422)
    messages.success(visit.request, _("Prices saved. They count from the next text on."))
    return redirect("providers:show", visit.workspace.pk, account_id)


@inside(Need.MANAGE, "POST")
def retire(visit: Visit, account_id: int) -> HttpResponse:
    """Send nothing new through an account."""
    accounts.retire_account(_find(visit, account_id), actor=visit.actor)
    return redirect("providers:list", visit.workspace.pk)


@inside(Need.MANAGE)
def list_senders(visit: Visit) -> HttpResponse:
    """Show every sender number that this workspace may use, and what each may still send today."""
    now = timezone.now()
    rows = [
        {
            "sender": each,
            "told": tell_sender(each, now),
            "kind": KIND_WORDS[each.kind],
            "registration": REGISTRATION_WORDS[each.registration],
            "price": prices_of_account(each.account),
            "is_own": each.workspace_id == visit.workspace.pk,
        }
        for each in usable_senders(visit.workspace)
    ]
    context = {
        "room": "senders",
        "rows": rows,
        "has_accounts": accounts.usable_accounts(visit.workspace).exists(),
    }
    return visit.render("providers/senders.html", context)


@inside(Need.MANAGE, "GET", "HEAD", "POST")
def add_sender(visit: Visit) -> HttpResponse:
    """Add a sender number."""
    context = _sender_form(visit, {"kind": SenderKind.LONG_CODE, "day_zone": "UTC"})
    if visit.request.method != "POST":
        return visit.render("providers/sender_edit.html", context)
    try:
        account = accounts.account_by_name(visit.workspace, visit.form("provider"))
        numbers.add_number(visit.workspace, account, _details(visit), actor=visit.actor)
    except TaplineError as error:
        context = _sender_form(visit, visit.request.POST) | {"error": error}
        return visit.render("providers/sender_edit.html", context, status=422)
    return redirect("providers:senders", visit.workspace.pk)


@inside(Need.MANAGE, "GET", "HEAD", "POST")
def change_sender(visit: Visit, sender_id: int) -> HttpResponse:
    """Change a sender number's kind, registration and caps."""
    sender = _find_sender(visit, sender_id)
    known = {
        name: getattr(numbers.details_of(sender), name)
        for name in numbers.SenderDetails.__dataclass_fields__
    }
    context = _sender_form(visit, known) | {"sender": sender}
    if visit.request.method != "POST":
        return visit.render("providers/sender_edit.html", context)
    try:
        numbers.change_number(sender, _details(visit), actor=visit.actor)
    except TaplineError as error:
        context |= _sender_form(visit, visit.request.POST) | {"error": error}
        return visit.render("providers/sender_edit.html", context, status=422)
    return redirect("providers:senders", visit.workspace.pk)


@inside(Need.MANAGE, "POST")
def retire_sender(visit: Visit, sender_id: int) -> HttpResponse:
    """Send nothing new from a number."""
    numbers.retire_number(_find_sender(visit, sender_id), actor=visit.actor)
    return redirect("providers:senders", visit.workspace.pk)


def _find(visit: Visit, account_id: int) -> ProviderAccount:
    own = ProviderAccount.objects.filter(workspace=visit.workspace, retired_at=None)
    return get_object_or_404(own.select_related("workspace"), pk=account_id)


def _find_sender(visit: Visit, sender_id: int) -> SenderNumber:
    own = SenderNumber.objects.filter(workspace=visit.workspace, retired_at=None)
    return get_object_or_404(own.select_related("workspace", "account", "pool"), pk=sender_id)


def _form(kind_key: str, filled: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "room": "providers",
        "kind": kind(kind_key),
        "fields": _fields(kind_key, filled),
        "filled": {"currency": "USD"} | {name: filled[name] for name in filled},
    }


def _fields(
    kind_key: str, filled: Mapping[str, Any], *, only_shown: bool = False
) -> list[dict[str, Any]]:
    """Return a kind's fields with their values, also in words; a secret never has one."""
    values = [
        (field, "" if field.secret else filled.get(field.name, field.default))
        for field in kind(kind_key).fields
        if not (only_shown and field.secret)
    ]
    return [
        {"field": field, "value": value, "words": field.in_words(value)} for field, value in values
    ]


def _posted(visit: Visit, kind_key: str) -> dict[str, str]:
    return {
        field.name: visit.form(field.name).replace("\r\n", "\n") for field in kind(kind_key).fields
    }


def _sender_form(visit: Visit, filled: Mapping[str, Any]) -> dict[str, Any]:
    usable = accounts.usable_accounts(visit.workspace)
    return {
        "room": "senders",
        "filled": filled,
        "kinds": KIND_WORDS.items(),
        "registrations": REGISTRATION_WORDS.items(),
        "accounts": [(accounts.name_of(each), each.name) for each in usable],
        "pools": SenderPool.objects.filter(account__in=usable).order_by("name"),
    }


def _details(visit: Visit) -> numbers.SenderDetails:
    return numbers.SenderDetails(
        number=visit.form("number"),
        kind=visit.form("kind"),
        registration=visit.form("registration"),
        registration_note=visit.form("registration_note"),
        parts_per_second=_as_number(visit.form("parts_per_second")),
        parts_per_day=int(_as_number(visit.form("parts_per_day"))),
        day_zone=visit.form("day_zone") or "UTC",
        pool=visit.form("pool"),
        is_default="is_default" in visit.request.POST,
    )


def _as_number(raw: str) -> float:
    """Return what was typed; -1, which is refused by name, for what is no number."""
    try:
        return float(raw.replace(",", ".")) if raw else 0.0
    except ValueError:
        return -1.0

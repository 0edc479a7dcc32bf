"""Where Twilio posts status callbacks and inbound texts, one address each per account.

The signature is checked before anything that was posted is looked at. What we do not know is
answered with 200 all the same: Twilio would only send it again.
"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from tapline import config
from tapline.broadcasts.receipts import apply_receipts
from tapline.providers.accounts import name_of, open_secrets
from tapline.providers.models import ProviderAccount
from tapline.providers.senders import owner_of
from tapline.providers.twilio.receipts import read_inbound, read_receipt
from tapline.providers.twilio.signing import HEADER, is_genuine
from tapline.replies.taking import take_inbound

# An answer that says nothing to the sender: what we say leaves as a text of its own.
NO_TWIML = '<?xml version="1.0" encoding="UTF-8"?><Response></Response>'


@csrf_exempt  # The signature says who calls; there is no session that could be abused.
@require_POST
def receipts(request: HttpRequest, token: str) -> HttpResponse:
    """Take one status callback."""
    account = _account(token)
    if not _is_genuine(account, request):
        return _forbidden()
    reference = request.GET.get("reference", "")[:40]
    receipt = read_receipt(request.POST, reference, timezone.now())
    if receipt.provider_id:
        apply_receipts([receipt])
    return HttpResponse(status=204)


@csrf_exempt  # As above.
@require_POST
def inbound(request: HttpRequest, token: str) -> HttpResponse:
    """Take one inbound text."""
    account = _account(token)
    if not _is_genuine(account, request):
        return _forbidden()
    text = read_inbound(
        request.POST,
        provider=name_of(account),
        workspace=owner_of(account, request.POST.get("To", "")),
        now=timezone.now(),
    )
    take_inbound(text)
    return HttpResponse(NO_TWIML, content_type="text/xml")


def _account(token: str) -> ProviderAccount:
    """Return the account, a retired one too: receipts of its last texts come for days."""
    return get_object_or_404(ProviderAccount, kind="twilio", token=token)


def _is_genuine(account: ProviderAccount, request: HttpRequest) -> bool:
    # As Twilio was told to call it: behind a proxy the request itself shows another address.
    url = f"{config.current().web_url.rstrip('/')}{request.get_full_path()}"
    form = dict(request.POST.lists())
    signature = request.headers.get(HEADER, "")
    return is_genuine(open_secrets(account)["auth_token"], url, form, signature)


def _forbidden() -> HttpResponse:
    return HttpResponse(
        "The signature does not fit. Check the Auth Token, and that TAPLINE_WEB_URL is exactly how"
        " Twilio reaches this instance.",
        status=403,
        content_type="text/plain",
    )

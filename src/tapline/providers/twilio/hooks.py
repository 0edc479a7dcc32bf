"""What Twilio posts: status callbacks and inbound texts, one address each per account.

The signature is checked before anything that was posted is looked at. What we do not know is
answered with 2xx all the same: Twilio would only send it again.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.utils import timezone

from tapline.broadcasts.receipts import apply_receipts
from tapline.providers.base import InboundText, Receipt
from tapline.providers.hooks import NO_SUCH, Accounts, Post, Said
from tapline.providers.twilio.receipts import read_inbound, read_receipt
from tapline.providers.twilio.signing import HEADER, is_genuine
from tapline.providers.twilio.wire import TRY_AGAIN
from tapline.replies.taking import take_many

# An answer that says nothing to the sender: what we say leaves as a text of its own.
NO_TWIML = Said(
    200, '<?xml version="1.0" encoding="UTF-8"?><Response></Response>', "text/xml; charset=utf-8"
)
TAKEN = Said(204)
FORGED = Said(
    403,
    "The signature does not fit. Check the Auth Token, and that TAPLINE_WEB_URL is exactly how"
    " Twilio reaches this instance.",
)


def receipts(posts: Sequence[Post]) -> list[Said]:
    """Take status callbacks."""
    accounts = Accounts.of("twilio", posts)
    refused = [_refusal(post, accounts) for post in posts]
    genuine = [post for post, refusal in zip(posts, refused, strict=True) if refusal is None]
    told = [_receipt(post) for post in genuine]
    apply_receipts([receipt for receipt in told if receipt.provider_id])
    return [refusal or TAKEN for refusal in refused]


def inbound(posts: Sequence[Post]) -> list[Said]:
    """Take inbound texts."""
    accounts = Accounts.of("twilio", posts)
    refused = [_refusal(post, accounts) for post in posts]
    genuine = [post for post, refusal in zip(posts, refused, strict=True) if refusal is None]
    take_many([_text(post, accounts) for post in genuine])
    return [refusal or NO_TWIML for refusal in refused]


def _refusal(post: Post, accounts: Accounts) -> Said | None:
    """Say why nothing that was posted is looked at; None when it is Twilio's own."""
    if post.token not in accounts.by_token:
        return NO_SUCH
    token = accounts.secrets[post.token]["auth_token"]
    signature = post.headers.get(HEADER.lower(), "")
    # Whether Twilio signs the fragment that it was given with an address is not documented.
    urls = (post.url, post.url + TRY_AGAIN)
    return None if any(is_genuine(token, url, post.form, signature) for url in urls) else FORGED


def _receipt(post: Post) -> Receipt:
    form = {name: values[-1] for name, values in post.form.items()}
    return read_receipt(form, post.query.get("reference", [""])[-1][:40], timezone.now())


def _text(post: Post, accounts: Accounts) -> InboundText:
    form = {name: values[-1] for name, values in post.form.items()}
    return read_inbound(
        form,
        provider=accounts.name(post.token),
        workspace=accounts.owner(post.token, form.get("To", "")),
        now=timezone.now(),
    )

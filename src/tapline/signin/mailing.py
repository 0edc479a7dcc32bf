"""What is mailed about signing in, where a mail server is set: links, and what happened to one."""

from __future__ import annotations

import logging
import smtplib
import threading

from allauth.core import ratelimit
from django.core.mail import EmailMessage
from django.db import close_old_connections
from django.http import HttpRequest
from django.utils import translation
from django.utils.translation import gettext as _

from tapline import config
from tapline.errors import TaplineError
from tapline.mail import mail_server
from tapline.web.errors import TooMany
from tapline.workspaces.models import User
from tapline.workspaces.sign_in import make_sign_in_link

logger = logging.getLogger(__name__)


class TooOften(TooMany):
    """Somebody asks for more links than a person needs."""


def can_mail() -> bool:
    """Say whether links can leave by e-mail."""
    return bool(config.current().mail_url)


def ask_for_link(request: HttpRequest, email: str) -> None:
    """Mail a sign-in link to the member with this address, if there is one; raises `TooOften`.

    It is looked for beside the answer, which so takes as long where nobody has the address.
    """
    if not ratelimit.consume(request, action="send_link", key=email.lower()):
        raise TooOften(
            _("Too many links were asked for."),
            why=_("Each one is mailed, and nobody needs that many."),
            do=_("Look into your mail box, or try again in ten minutes."),
        )
    asked = (email, translation.get_language())
    threading.Thread(target=_send_link, args=asked, daemon=True).start()


def tell_of_reset(user: User) -> None:
    """Tell somebody that their second factor was taken away, in their language; returns when the
    mail has left, or could not."""
    if not can_mail():
        return
    with translation.override(user.language or translation.get_language()):
        text = _(
            "Your authenticator app, passkeys and recovery codes for Tapline were removed, and you "
            "were signed out everywhere. If you did not ask for that, tell an owner of your "
            "workspace."
        )
        subject = _("Your second factor was removed")
    _send(EmailMessage(subject, f"{text}\n", config.current().mail_from, [user.email]))


def _send_link(email: str, language: str) -> None:
    try:
        user = User.objects.filter(email__iexact=email, is_active=True).first()
        if user is not None:
            with translation.override(language):
                mail = _write(user)
            _send(mail)
    finally:
        close_old_connections()  # The thread has one of its own.


def _write(user: User) -> EmailMessage:
    address = config.current().web_url.rstrip("/") + make_sign_in_link(user)
    text = _("This link signs you in to Tapline, once and within an hour:") + f"\n\n{address}\n"
    subject = _("Sign in to Tapline")
    return EmailMessage(subject, text, config.current().mail_from, [user.email])


def _send(mail: EmailMessage) -> None:
    try:
        with mail_server(config.current().mail_url) as server:
            server.send_messages([mail])
    except (OSError, smtplib.SMTPException, TaplineError) as error:
        logger.error("A mail about signing in could not leave: %s", type(error).__name__)

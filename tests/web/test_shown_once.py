"""What a page shows once is made once, however often that page is loaded."""

from __future__ import annotations

import re

import pytest
from django.contrib.sessions.models import Session
from django.db.models import Model
from django.urls import reverse

from tapline.broadcasts.models import ReportShare
from tapline.workspaces.models import ApiKey, Invitation
from tests.broadcasts.making import make_broadcast, make_workspace
from tests.web.browsing import member_of

pytestmark = pytest.mark.django_db

KEY = ("workspaces:keys", "workspaces:keys", ApiKey, {"name": "Till", "may": "read"})
GUEST = {"email": "new@example.com", "role": "viewer"}
INVITATION = ("workspaces:invite", "workspaces:members", Invitation, GUEST)
SHARE = ("broadcasts:sharing", "broadcasts:sharing", ReportShare, {"days": "30"})


@pytest.mark.parametrize(("form", "page", "model", "sent"), [KEY, INVITATION, SHARE])
def test_loading_the_page_again_neither_shows_the_secret_nor_makes_another(
    form: str, page: str, model: type[Model], sent: dict[str, str]
) -> None:
    workspace = make_workspace()
    args = [workspace.pk]
    if form == "broadcasts:sharing":
        args.append(make_broadcast(workspace).pk)
    browser = member_of(workspace)

    answer = browser.post(reverse(form, args=args), sent)
    assert answer.headers["Location"] == reverse(page, args=args)
    waiting = [each.get_decoded() for each in Session.objects.all()]
    first, again = (browser.get(answer.headers["Location"]).content.decode() for _ in range(2))

    (secret,) = re.findall(r'class="secret">([^<]+)<', first)
    assert secret not in again
    assert 'class="secret"' not in again
    assert model._default_manager.count() == 1
    assert secret not in str(waiting)  # the session lies in the database, and in backups


def test_only_the_page_of_the_secret_shows_it_and_only_to_who_made_it() -> None:
    workspace = make_workspace()
    browser = member_of(workspace)
    address = reverse("workspaces:keys", args=[workspace.pk])

    browser.post(address, KEY[3])

    other = member_of(workspace, sees_people_below=True).get(address).content.decode()
    members = browser.get(reverse("workspaces:members", args=[workspace.pk])).content.decode()
    assert 'class="secret"' not in other + members
    assert 'class="secret"' in browser.get(address).content.decode()

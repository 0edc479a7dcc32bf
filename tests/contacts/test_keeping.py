"""The list of what is kept about people is whole: every table and column was thought about.

Whoever adds a table says here that nobody is in it, or registers it as a `Kept` kind. Whoever adds
a column that looks like somebody does the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from django.apps import apps
from django.db import models

from tapline.contacts import keeping
from tapline.contacts.models import Contact

# Tables in which no recipient is: what they hold instead.
NOBODYS = {
    "auth_group": "nothing: Django's own, unused",
    "auth_group_permissions": "nothing: Django's own, unused",
    "auth_permission": "names of rights",
    "django_content_type": "names of tables",
    "django_session": "sessions of members",
    "instance_instance": "the instance itself",
    "workspaces_workspace": "names of businesses and places",
    "workspaces_user": "members",
    "workspaces_membership": "members",
    "workspaces_signinlink": "members",
    "workspaces_invitation": "members to be",
    "account_emailaddress": "nothing: django-allauth's own, unused",
    "account_emailconfirmation": "nothing: django-allauth's own, unused",
    "socialaccount_socialaccount": "members, as their identity provider knows them",
    "socialaccount_socialapp": "nothing: django-allauth's own, unused",
    "socialaccount_socialtoken": "nothing: django-allauth's own, unused",
    "mfa_authenticator": "second factors of members, their secrets sealed",
    "usersessions_usersession": "where members are signed in",
    "workspaces_apikey": "programs",
    "hours_hourssetting": "decisions about hours",
    "hours_tapmark": "a number",
    "links_changecounter": "a number",
    "links_domain": "host names of the business",
    "links_keygeneration": "keys",
    "links_serialcounter": "numbers",
    "links_campaign": "names of campaigns",
    "links_offer": "names of offers",
    "links_coderange": "numbers; a range leads to a message, which is emptied",
    "links_linkcard": "what members let apps show of a link",
    "links_alias": "public paths that a member chose",
    "links_destination": "pages for everybody that links lead to, and what they said",
    "links_linktable": "names of files of members, and counts",
    "links_linktableline": "links that members ask for, pages for everybody",
    "links_tappedlink": "which links are tapped by somebody",
    "contacts_contactimport": "names of files and of their columns",
    "contacts_tag": "names of tags",
    "contacts_segment": "questions of members; who they find is asked each time",
    "contacts_wording": "what forms showed to everybody",
    "contacts_retentionmark": "how far retention came",
    "contacts_notice": "whom recipients may ask",
    "pictures_picture": "pictures in texts to all, without what cameras wrote into them",
    "providers_provideraccount": "accounts of the business",
    "providers_partprice": "prices",
    "providers_senderpool": "names of pools",
    "providers_sendernumber": "numbers of the business",
    "providers_senderday": "how many parts left a number on a day",
    "broadcasts_broadcast": "texts to all; an audience's ids lead nowhere once their rows are gone",
    "broadcasts_audiencecount": "counts",
    "broadcasts_savedtext": "texts to all",
    "broadcasts_styleword": "words",
    "broadcasts_broadcastlink": "which links stand in a text",
    "broadcasts_messagetally": "counts",
    "broadcasts_senderpace": "numbers of the business",
    "broadcasts_broadcastplace": "counts",
    "broadcasts_leftout": "counts",
    "broadcasts_audienceshares": "counts",
    "broadcasts_reportshare": "hashes of links that show counts",
    "broadcasts_failedtry": "a provider's id of a text and why it failed; the text is emptied",
    "replies_conversationsettings": "words of the business",
    "replies_listener": "members who hear of what waits",
    "clicks_logsegment": "names of files",
    "clicks_clickfile": "names of files",
    "clicks_filecontent": "between which messages a file's clicks lie",
    "clicks_broadcastrewrites": "numbers",
    "clicks_clickcounter": "numbers",
    "clicks_addresssalt": "keys of hashes, which go with the log",
    "clicks_knownwalker": "networks from which the links of ten people or more were opened",
    "clicks_look": "how far each broadcast's clicks were looked at",
    "clicks_seedopening": "texts to the business's own seed contacts, by number",
    "clicks_waitingrecount": "messages by number; gone within seconds",
    "clicks_waitingfirstclicks": "times by message; gone within seconds",
    "signups_signupform": "names of forms",
    "signups_formversion": "titles of forms",
    "keywords_keyword": "words, replies and members to tell",
    "keywords_keywordbroadcast": "which texts answer a keyword",
    "keywords_notice": "members to tell of a use, which is emptied",
}
# Columns of those tables that look like somebody, and are not.
NOT_A_PERSON = {
    ("clicks_knownwalker", "network"): "of one opener that opened ten people's links or more",
    ("broadcasts_broadcast", "prepared_to_contact"): "how far preparing came",
    ("links_destination", "address"): "a page for everybody",
    ("broadcasts_audiencecount", "first_contact"): "where counting begins",
    ("broadcasts_audiencecount", "last_contact"): "where counting ends",
    ("contacts_notice", "contact"): "whom recipients may ask",
    ("replies_conversationsettings", "contact"): "whom recipients may ask",
}
LIKE_A_PERSON = re.compile(
    r"(^|_)(contact|phone|recipient|msisdn|e?mail|address|network|agent|ip)(_|$)"
)
OF_MEMBERS = {
    "account_emailaddress",
    "account_emailconfirmation",
    "keywords_notice",
    "usersessions_usersession",
    "workspaces_invitation",
    "workspaces_signinlink",
    "workspaces_user",
}


def kept_tables() -> set[str]:
    return {table for kind in keeping.kinds() for table in kind.tables}


def all_models() -> Iterator[type[models.Model]]:
    yield from apps.get_models(include_auto_created=True)


def test_every_table_is_kept_of_people_or_holds_nobody() -> None:
    tables = {model._meta.db_table for model in all_models()}

    assert tables - kept_tables() - set(NOBODYS) == set(), "say where people are in these tables"
    assert (set(NOBODYS) | kept_tables()) - tables == set(), "these tables are gone"
    assert set(NOBODYS) & kept_tables() == set()


def test_whatever_refers_to_a_contact_is_on_the_list() -> None:
    referring = {
        model._meta.db_table
        for model in all_models()
        for field in model._meta.concrete_fields
        if field.is_relation and field.related_model is Contact
    }

    assert referring <= kept_tables()


def test_no_column_of_the_other_tables_looks_like_a_person() -> None:
    looks = {
        (model._meta.db_table, field.name)
        for model in all_models()
        for field in model._meta.concrete_fields
        if LIKE_A_PERSON.search(field.name)
    }
    allowed = {each for each in looks if each[0] in kept_tables() | OF_MEMBERS} | set(NOT_A_PERSON)

    assert looks - allowed == set(), "is it somebody's? then it belongs to a kept kind"
    assert set(NOT_A_PERSON) <= looks, "these columns are gone"


def test_every_kind_says_where_it_lies() -> None:
    assert [kind.name for kind in keeping.kinds() if not (kind.tables or kind.files)] == []


def test_every_table_with_a_number_tells_its_numbers() -> None:
    """After a restore, erased people are found by hash among all numbers of the instance."""
    told = {table for kind in keeping.kinds() if kind.numbers for table in kind.tables}
    with_number = {
        model._meta.db_table
        for model in all_models()
        for field in model._meta.concrete_fields
        if field.name == "phone"
    }

    assert with_number <= told

"""What keywords keep of a person; see `contacts.keeping`. That somebody used one stays."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from tapline.contacts.keeping import Kept

USES = """
-- The keywords that a person texted.
select u.id, k.word, u.is_misspelt, u.agreed, u.at
from keywords_keyworduse u join keywords_keyword k on k.id = u.keyword_id
where u.contact_id in (select value from json_each(%(contacts)s))
order by u.id
"""

BLANK_USES = """
-- The row stays, so that a keyword's count does.
update keywords_keyworduse set contact_id = null
where contact_id in (select value from json_each(%(contacts)s))
"""

KEPT = (
    Kept(
        name="keywords",
        tables=("keywords_keyworduse",),
        words=_("Which of our keywords you texted, and when"),
        find=lambda person: person.rows(USES),
        erase=lambda person: person.change(BLANK_USES),
    ),
)

"""What sign-ups keep of a person; see `contacts.keeping`. That somebody signed up stays."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from tapline.contacts.keeping import Kept

SIGN_UPS = """
-- When and where a person filled in a form, and what it showed.
select s.id, f.name as form, v.title, w.text as wording, s.state, s.network, s.agent, s.at,
  s.confirmed_at
from signups_signup s
join signups_signupform f on f.id = s.form_id
join signups_formversion v on v.id = s.version_id
join contacts_wording w on w.id = v.wording_id
where s.contact_id in (select value from json_each(%(contacts)s))
order by s.id
"""

BLANK_SIGN_UPS = """
-- The row stays, so that a form's count does.
update signups_signup set contact_id = null, network = '', agent = ''
where contact_id in (select value from json_each(%(contacts)s))
"""

KEPT = (
    Kept(
        name="sign_ups",
        tables=("signups_signup",),
        words=_("When and on which form you signed up, from which network and with which browser"),
        find=lambda person: person.rows(SIGN_UPS),
        erase=lambda person: person.change(BLANK_SIGN_UPS),
    ),
)

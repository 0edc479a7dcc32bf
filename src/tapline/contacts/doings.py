"""What somebody did with a broadcast's text, as SQL over their own messages.

The tables of messages stand further right and are known here by name, as in `textable`: audiences,
segments and reports ask the same question with the same words.
"""

from __future__ import annotations

# Texts that arrived, or may have.
REACHED_STATES = ("submitted", "accepted", "delivered", "unknown", "lost", "external")

# What became of somebody's text in an earlier broadcast. Of several single texts gathered in one,
# the best counts: so each contact is in one of the three groups, or got nothing at all.
_HAS = (
    "exists (select 1 from broadcasts_message had"
    # By the contact's own messages: by the broadcast's, each contact would walk over all of them.
    " where had.contact_id = c.id and +had.broadcast_id = {broadcast} and %s)"
)
_TAPPED = _HAS % "had.first_human_click_at is not null"
_REACHED = _HAS % f"had.state in {REACHED_STATES}"  # a tuple of words is written as SQL's list
# Who is only counted is in neither group: nobody can say on which side they are.
_WATCHED = _HAS % f"had.state in {REACHED_STATES} and not had.only_counted"
# Nobody sent them anything, so that what they do elsewhere can be compared.
_HELD_OUT = _HAS % "had.state = 'cancelled' and had.error_code = 'held_out'"
_FAILED = _HAS % "had.state = 'failed'"
DID: dict[str, str] = {
    "tapped": _TAPPED,
    "not_tapped": f"{_WATCHED} and not {_TAPPED}",
    "held_out": _HELD_OUT,
    "failed": f"{_FAILED} and not {_REACHED} and not {_TAPPED}",
}
# A tap proves that the text arrived, whatever the provider said of it.
GOT = f"({_REACHED} or {_TAPPED})"


def did_sql(broadcast: int, did: str) -> str:
    """Return a condition on the contact alias `c`: did they do so with that broadcast?

    `did` is a word of `DID`, or "got". Holds no parameters.
    """
    condition = GOT if did == "got" else DID[did]
    return f"({condition.format(broadcast=int(broadcast))})"

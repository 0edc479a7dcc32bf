"""What is stored about links: domains, key generations, serials handed out, destinations, aliases.

Rows that the edge's replica copies carry `change`: a number taken from `ChangeCounter` in the same
transaction that writes the row. The counter's row is locked until that transaction commits, so
changes become visible in the order of their numbers, also on databases with many writers.
"""

from __future__ import annotations

from django.db import models
from django.db.models import Q, Value

from tapline.workspaces.models import Workspace


class ChangeCounter(models.Model):
    """The one row (id 1) that numbers changes which edges must hear of."""

    value = models.BigIntegerField(default=0)


class Proof(models.TextChoices):
    """How it is known that a host is its workspace's: somebody who runs the instance vouched for
    it, or its TXT record says so."""

    OPERATOR = "operator"
    RECORD = "record"


class Domain(models.Model):
    """A host name that serves links. Until it is proved, edges answer nothing on it."""

    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="domains")
    host = models.CharField(max_length=253, unique=True)  # lower-case, IDNA, no port
    # How links are written in texts: "https://go.example.com", "http://localhost:8080".
    base_url = models.CharField(max_length=300)
    fallback_url = models.CharField(max_length=2048, blank=True)
    code_length = models.PositiveSmallIntegerField(default=8)
    proved_at = models.DateTimeField(null=True)
    proved_by = models.CharField(max_length=10, choices=Proof.choices, db_default="", default="")
    # What name servers said last, as `domain_findings.Finding`; and when they are asked again.
    findings = models.JSONField(default=list, db_default=Value([], models.JSONField()))
    checked_at = models.DateTimeField(null=True)
    check_at = models.DateTimeField(null=True)
    proof_missing_since = models.DateTimeField(null=True)
    # What the host answers besides its links; empty: what docs/domains.md names as usual.
    brand_name = models.CharField(max_length=120, db_default="", default="")
    home_url = models.CharField(max_length=2048, db_default="", default="")
    robots = models.CharField(max_length=4000, db_default="", default="")
    created_at = models.DateTimeField(auto_now_add=True)
    deleted_at = models.DateTimeField(null=True)
    change = models.BigIntegerField(db_index=True)


class KeyGeneration(models.Model):
    """One code key of one domain. New links use the newest; old ones go on."""

    domain = models.ForeignKey(Domain, on_delete=models.PROTECT, related_name="generations")
    number = models.PositiveIntegerField()
    # Random, so that a generation lost with a database is never made again by its restored copy.
    key_id = models.CharField(max_length=32, unique=True)
    epoch = models.PositiveIntegerField()
    created_at = models.DateTimeField(auto_now_add=True)
    change = models.BigIntegerField(db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["domain", "number"], name="one_generation_number")
        ]


class SerialCounter(models.Model):
    """How many serials of one (generation, length) were handed out. It only grows."""

    generation = models.ForeignKey(KeyGeneration, on_delete=models.PROTECT)
    length = models.PositiveSmallIntegerField()
    next_serial = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["generation", "length"], name="one_serial_counter")
        ]


class Campaign(models.Model):
    """Broadcasts, keywords and links under one goal."""

    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT)
    name = models.CharField(max_length=120)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "name"], name="one_campaign_name")
        ]


class Offer(models.Model):
    """What is offered in broadcasts, keywords and links."""

    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT)
    name = models.CharField(max_length=120)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "name"], name="one_offer_name")]


class LinkKind(models.TextChoices):
    """SHARED: one destination for all. TEMPLATE: its destination has merge fields, so it is never
    opened itself; each recipient has a PERSONAL link below it, with a range of one."""

    SHARED = "shared"
    TEMPLATE = "template"
    PERSONAL = "personal"


class Link(models.Model):
    """A destination with its purpose; one link serves a whole audience."""

    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="links")
    domain = models.ForeignKey(Domain, on_delete=models.PROTECT, db_index=False)
    kind = models.CharField(max_length=10, choices=LinkKind.choices, default=LinkKind.SHARED)
    parent = models.ForeignKey("self", null=True, on_delete=models.CASCADE, related_name="personal")
    name = models.CharField(max_length=160, blank=True)
    # As the tap is sent there, UTM fields included; may hold `{code}`. A TEMPLATE's holds fields.
    destination = models.CharField(max_length=2048)
    campaign = models.ForeignKey(Campaign, null=True, on_delete=models.PROTECT, db_index=False)
    offer = models.ForeignKey(Offer, null=True, on_delete=models.PROTECT, db_index=False)
    expires_at = models.DateTimeField(null=True)
    disabled_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)
    deleted_at = models.DateTimeField(null=True)
    change = models.BigIntegerField(db_index=True)

    class Meta:
        # A broadcast can make a million PERSONAL links, which have neither campaign nor offer:
        # every index that passes them by is time that the writer is not held.
        indexes = [
            models.Index(
                fields=["campaign"],
                name="link_campaign",
                condition=Q(campaign__isnull=False),
            ),
            models.Index(fields=["offer"], name="link_offer", condition=Q(offer__isnull=False)),
            # The list of links, newest first: rows follow their ids.
            models.Index(
                fields=["workspace"],
                name="link_listed",
                condition=Q(deleted_at__isnull=True) & ~Q(kind="personal"),
            ),
        ]


class LinkCard(models.Model):
    """What messaging apps show of a link before anybody taps: the fields of `tapline.cards.Card`.
    Without a title there is none any more; the row stays, so that edges hear of it."""

    link = models.OneToOneField(
        Link, primary_key=True, on_delete=models.CASCADE, related_name="card"
    )
    title = models.CharField(max_length=120, blank=True)
    description = models.CharField(max_length=300, blank=True)
    picture = models.CharField(max_length=1000, blank=True)
    change = models.BigIntegerField(db_index=True)


# The position of everybody who is only counted (`workspaces.counting`): they share one code.
CROWD_POSITION = -1


class CodeRange(models.Model):
    """Serials `first … first + count - 1` of one generation and length serve the positions
    `first_position …` of one link."""

    # The constraint below serves as the index of `generation`; nothing looks for `domain` alone.
    generation = models.ForeignKey(KeyGeneration, on_delete=models.PROTECT, db_index=False)
    domain = models.ForeignKey(Domain, on_delete=models.PROTECT, db_index=False)
    length = models.PositiveSmallIntegerField()
    first = models.BigIntegerField()
    count = models.BigIntegerField()
    link = models.ForeignKey(Link, on_delete=models.PROTECT, related_name="ranges")
    first_position = models.BigIntegerField(default=0)
    # A PERSONAL link's TEMPLATE: finds the personal codes of a run of positions at once.
    template = models.ForeignKey(
        Link, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    change = models.BigIntegerField(db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["generation", "length", "first"], name="one_range_start"
            )
        ]
        indexes = [
            models.Index(
                fields=["template", "first_position"],
                name="personal_position",
                condition=Q(template__isnull=False),
            ),
            # The few codes that crowds share.
            models.Index(
                fields=["link"], name="crowd_code", condition=Q(first_position=CROWD_POSITION)
            ),
        ]


class Alias(models.Model):
    """A hand-chosen public path such as `/sale`; belongs to nobody in particular."""

    domain = models.ForeignKey(Domain, on_delete=models.PROTECT, related_name="aliases")
    path = models.CharField(max_length=100)  # lower-case, without the leading slash
    link = models.ForeignKey(Link, on_delete=models.PROTECT, related_name="aliases")
    deleted_at = models.DateTimeField(null=True)
    change = models.BigIntegerField(db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["domain", "path"], name="one_alias_path")]


class Destination(models.Model):
    """An address that links of a workspace lead to, or that somebody writes into a text just now,
    and what was found there when it was last opened from here."""

    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, db_index=False)
    address = models.CharField(max_length=2048)
    host = models.CharField(max_length=253)
    # A `destination_findings.State`, and the `destination_look.Seen` behind it.
    state = models.CharField(max_length=10, blank=True, default="")
    seen = models.JSONField(default=dict)
    looked_at = models.DateTimeField(null=True)
    look_at = models.DateTimeField(null=True)  # when it is opened again; null: nobody taps
    leased_until = models.DateTimeField(null=True)
    asked_at = models.DateTimeField(null=True)  # somebody waits for the answer
    tapped_at = models.DateTimeField(null=True)
    failures = models.PositiveSmallIntegerField(default=0)  # looks in a row that failed
    failing_since = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            # By address first: one look serves every workspace that leads there.
            models.UniqueConstraint(
                fields=["address", "workspace"], name="one_destination_per_workspace"
            )
        ]
        indexes = [
            models.Index(
                fields=["look_at"], name="destination_due", condition=Q(look_at__isnull=False)
            ),
            models.Index(
                fields=["workspace", "tapped_at"],
                name="destination_failing",
                condition=Q(state="failing"),
            ),
            models.Index(fields=["host", "looked_at"], name="destination_host"),
        ]


class TappedLink(models.Model):
    """A link that people tap, and where it led them."""

    link = models.OneToOneField(Link, primary_key=True, on_delete=models.CASCADE)
    destination = models.ForeignKey(
        Destination, on_delete=models.CASCADE, related_name="tapped_links"
    )
    tapped_at = models.DateTimeField()


class TableState(models.TextChoices):
    """`arriving → checking → checked → making → done | failed`. The worker does what is being
    checked or made; from checked to making a member leads."""

    ARRIVING = "arriving"
    CHECKING = "checking"
    CHECKED = "checked"
    MAKING = "making"
    DONE = "done"
    FAILED = "failed"


TABLE_UNDER_WAY = (TableState.ARRIVING, TableState.CHECKING, TableState.MAKING)


class LinkTable(models.Model):
    """A table of links that are to be made, and how far that is (`tables`)."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE)
    domain = models.ForeignKey(Domain, on_delete=models.PROTECT, db_index=False)
    file_name = models.CharField(max_length=255)
    made_by = models.CharField(max_length=160)
    state = models.CharField(max_length=10, choices=TableState.choices, default="arriving")
    lines = models.PositiveIntegerField(default=0)
    at = models.PositiveIntegerField(default=0)  # the last line that was checked, or made
    handled = models.PositiveIntegerField(default=0)  # how many lines that were
    kept = models.PositiveIntegerField(default=0)  # had their short link already
    bad = models.PositiveIntegerField(default=0)
    made = models.PositiveIntegerField(default=0)
    failure = models.JSONField(default=dict)  # {"what", "why", "do"} of what ended it
    attempts = models.PositiveSmallIntegerField(default=0)  # at the chunk that comes next
    turn_at = models.DateTimeField(auto_now_add=True)  # who waited longest comes next
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            # What the worker looks for, twice a second: the many that are over weigh nothing.
            models.Index(
                fields=["turn_at"],
                name="table_under_way",
                condition=Q(state__in=["checking", "making"]),
            )
        ]

    @property
    def is_under_way(self) -> bool:
        """Say whether more is to come by itself."""
        return self.state in TABLE_UNDER_WAY

    @property
    def good(self) -> int:
        """How many lines can become links; of a checked table."""
        return self.lines - self.kept - self.bad - self.made


class LinkTableLine(models.Model):
    """One line of such a table: what it asks for, and what became of it."""

    table = models.ForeignKey(LinkTable, on_delete=models.CASCADE, db_index=False)
    line = models.PositiveIntegerField()  # on which it begins, from 1
    destination = models.TextField()
    name = models.TextField(blank=True)
    alias = models.TextField(blank=True)
    campaign = models.TextField(blank=True)
    offer = models.TextField(blank=True)
    short_link = models.TextField(blank=True)
    is_bad = models.BooleanField(default=False)
    problem = models.JSONField(default=dict)  # {"what", "why", "do"} of a bad one

    class Meta:
        constraints = [models.UniqueConstraint(fields=["table", "line"], name="one_table_line")]
        indexes = [
            # Which line of a table names an alias first.
            models.Index(
                fields=["table", "alias", "line"], name="table_alias", condition=~Q(alias="")
            ),
            # The few that cannot become links.
            models.Index(fields=["table", "line"], name="table_bad", condition=Q(is_bad=True)),
        ]

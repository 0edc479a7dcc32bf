"""What is stored about contacts: who they are, what they agreed to, who must not be texted."""

from __future__ import annotations

from typing import Any, ClassVar, NoReturn, Self

from django.db import models
from django.db.models.expressions import RawSQL
from django.utils.translation import gettext_lazy as _

from tapline.contacts.textable import textable_sql
from tapline.errors import TaplineError
from tapline.workspaces.models import Workspace


class ImportState(models.TextChoices):
    """`waiting → running → done | failed`. One that runs without a lease in force broke off: a
    worker begins it again. Those of the command line are running from the start, without lease."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class ContactImport(models.Model):
    """One imported file: what was in it, how it was read, and what became of its rows."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE)
    file_name = models.CharField(max_length=255)
    mapping = models.JSONField(default=dict)
    state = models.CharField(max_length=12, choices=ImportState.choices, default="running")
    is_trial = models.BooleanField(default=False)  # It says what would happen; nothing is written.
    upload = models.CharField(max_length=160, blank=True)  # empty: a file of the command line
    options = models.JSONField(default=dict)  # `ImportOptions`, for the worker
    rows_in_file = models.PositiveIntegerField(null=True)  # None: not counted yet
    rows = models.PositiveIntegerField(default=0)
    created = models.PositiveIntegerField(default=0)
    updated = models.PositiveIntegerField(default=0)
    duplicates = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)
    agreed = models.PositiveIntegerField(default=0)
    failure = models.JSONField(default=dict)  # {"what", "why", "do"} of what ended it
    attempts = models.PositiveSmallIntegerField(default=0)
    leased_by = models.CharField(max_length=16, blank=True)
    leased_until = models.DateTimeField(null=True)
    started_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            # What the worker looks for, twice a second: the many that are over weigh nothing.
            models.Index(
                fields=["id"],
                name="import_under_way",
                condition=models.Q(state__in=["waiting", "running"]),
            )
        ]

    @property
    def is_under_way(self) -> bool:
        """Say whether more is to come."""
        return self.state in (ImportState.WAITING, ImportState.RUNNING)

    @property
    def handled(self) -> int:
        """How many rows were dealt with."""
        return self.created + self.updated + self.duplicates + self.refused


class ContactQuerySet(models.QuerySet["Contact"]):
    """Questions about contacts. Each starts from a workspace: `in_workspace(…)`."""

    _workspace: Workspace | None = None

    def in_workspace(self, workspace: Workspace) -> Self:
        """Return the contacts that `workspace` itself keeps (not those below it)."""
        found = self.filter(workspace=workspace)
        found._workspace = workspace
        return found

    def textable(self, purpose: str) -> Self:
        """Return those who may be texted for `purpose` now; only after `in_workspace`."""
        if self._workspace is None:
            raise TypeError("textable() needs in_workspace() before it: consent has a scope")
        condition = textable_sql(self._workspace, purpose, contact="contacts_contact")
        # Only whole numbers and one of two words are written into the text: see `textable_sql`.
        return self.filter(RawSQL(condition, (), output_field=models.BooleanField()))  # noqa: S611

    def _clone(self) -> Self:
        clone: Self = super()._clone()  # type: ignore[misc]  # the stubs hide it
        clone._workspace = self._workspace
        return clone


class Contact(models.Model):
    """A person with a phone number, as one workspace knows them."""

    workspace = models.ForeignKey(
        Workspace,
        on_delete=models.PROTECT,
        related_name="contacts",
        db_index=False,  # `one_contact_per_number` begins with it
    )
    phone = models.CharField(max_length=16, db_index=True)  # E.164
    # Keyed hash of the number (`contacts.phones.hash_phone`): finds suppressions without it. No
    # index: contacts are found by number, and random keys make an import three times as slow.
    phone_hash = models.CharField(max_length=32)
    attributes = models.JSONField(default=dict)  # str → str, keys as merge fields name them
    language = models.CharField(max_length=12, blank=True)
    zone = models.CharField(max_length=64, blank=True)
    is_staff = models.BooleanField(default=False)  # Their taps count as `operator`.
    # A seed contact whose links nobody taps: what opens them is learned as a machine.
    is_canary = models.BooleanField(default=False, db_default=False)
    # The newest file that named this contact: the audience {"imports": [id]} is found by it.
    imported_by = models.ForeignKey(ContactImport, null=True, on_delete=models.SET_NULL)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects: ClassVar[ContactQuerySet] = ContactQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "phone"], name="one_contact_per_number")
        ]
        indexes = [
            # The list of contacts, in the order in which they were added: rows follow their ids.
            models.Index(fields=["workspace"], name="contact_of_workspace"),
            # Few; looked for whenever a broadcast is looked at.
            models.Index(fields=["workspace"], name="canaries", condition=models.Q(is_canary=True)),
            # Few; offered whenever something may be tried out first.
            models.Index(fields=["workspace"], name="staff", condition=models.Q(is_staff=True)),
        ]


class Tag(models.Model):
    """A word that groups contacts of one workspace."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE)
    name = models.CharField(max_length=80)
    contacts = models.ManyToManyField(Contact, related_name="tags")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "name"], name="one_tag_name")]


class Segment(models.Model):
    """A saved question about the contacts of one workspace; who it finds is asked each time."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="segments")
    name = models.CharField(max_length=120)
    question = models.JSONField(default=dict)  # `questions.Question`
    created_by = models.CharField(max_length=160)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "name"], name="one_segment_name")
        ]


class Purpose(models.TextChoices):
    """What a text is for; consent is given for one of them."""

    MARKETING = "marketing", _("Marketing")
    SERVICE = "service", _("Service")


class Wording(models.Model):
    """The exact words that people were shown when they agreed, kept once."""

    text = models.TextField()
    language = models.CharField(max_length=12, blank=True)
    text_hash = models.CharField(max_length=64, unique=True)  # of language and text


class ConsentQuerySet(models.QuerySet["Consent"]):
    """The ledger's rows are read and added. Only erasing a whole contact removes any."""

    def update(self, **kwargs: Any) -> NoReturn:
        refuse_change()

    def delete(self) -> NoReturn:
        refuse_change()


class LedgerIsAppendOnly(TaplineError):
    """Somebody tried to rewrite what a person agreed to."""


def refuse_change() -> NoReturn:
    """Say that a recorded answer stays as it is."""
    raise LedgerIsAppendOnly(
        "A recorded consent cannot be changed.",
        why="The ledger must show what was agreed at any time in the past.",
        do="Record the new answer: the newest one holds.",
    )


class Consent(models.Model):
    """A dated yes or no. Append-only: the newest one of a purpose and scope holds.

    It covers texts from `scope` and from every workspace below it. A trigger refuses updates,
    whoever makes them (migration 0002); rows go only with their contact, by `erasing`.
    """

    contact = models.ForeignKey(
        Contact,
        on_delete=models.CASCADE,
        related_name="consents",
        db_index=False,  # the index below begins with it
    )
    # No index on scope and wording: nothing asks by them, and a million rows an import weigh.
    scope = models.ForeignKey(Workspace, on_delete=models.PROTECT, db_index=False)
    purpose = models.CharField(max_length=10, choices=Purpose.choices)
    given = models.BooleanField()
    wording = models.ForeignKey(Wording, null=True, on_delete=models.PROTECT, db_index=False)
    source = models.CharField(max_length=80)  # "import", "reply", "form", "api", "page"
    evidence = models.JSONField(default=dict)
    at = models.DateTimeField()  # when the person said so
    recorded_at = models.DateTimeField(auto_now_add=True)
    recorded_by = models.CharField(max_length=160)

    objects: ClassVar[ConsentQuerySet] = ConsentQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        # Serves «the newest answer of this contact for this purpose» without touching the row.
        indexes = [models.Index(fields=["contact", "purpose", "-at", "-id", "scope", "given"])]

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            refuse_change()
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        refuse_change()


class Suppression(models.Model):
    """A number that must not be texted by `scope` and what lies below it. Outlives the contact."""

    scope = models.ForeignKey(Workspace, on_delete=models.CASCADE)
    phone_hash = models.CharField(max_length=32)
    purpose = models.CharField(max_length=10, blank=True)  # empty: every purpose
    reason = models.CharField(max_length=80)
    at = models.DateTimeField()
    lifted_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["phone_hash", "scope", "purpose", "lifted_at"])]


class Erasure(models.Model):
    """One person erased once, named by a hash alone: known for as long as a backup may hold them.

    The same is kept outside the database, see `tapline.instance.erasures`.
    """

    uid = models.CharField(max_length=32, unique=True)
    phone_hash = models.CharField(max_length=32)
    workspace_id = models.BigIntegerField()  # no foreign key: it is true of backups without it too
    at = models.DateTimeField()
    # {"phone": …, "contacts": [ids]} for what lies outside the database, until the worker has been
    # there, a few seconds later; then null.
    waiting = models.JSONField(null=True)


class RetentionMark(models.Model):
    """Up to which id the old rows of one kind were gone through: see `contacts.retention`."""

    kind = models.CharField(max_length=40, unique=True)
    done_to = models.BigIntegerField(default=0)


class Notice(models.Model):
    """The page «What we keep about you» of one workspace, while it is published."""

    workspace = models.OneToOneField(Workspace, on_delete=models.CASCADE)
    token = models.CharField(max_length=32, unique=True)
    contact = models.CharField(max_length=255, blank=True)  # whom to ask, as recipients read it
    published_at = models.DateTimeField(auto_now_add=True)

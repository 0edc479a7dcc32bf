"""What is stored about pictures that are sent with texts; the files lie in the data folder."""

from __future__ import annotations

import secrets

from django.db import models

from tapline.workspaces.models import Workspace

SUFFIXES = {"jpeg": "jpg", "png": "png", "gif": "gif"}


def make_token() -> str:
    """Return what nobody guesses: whoever has it may see the picture."""
    return secrets.token_hex(16)


class Picture(models.Model):
    """A picture of a workspace. The same content again is the same picture."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="pictures")
    token = models.CharField(max_length=32, unique=True, default=make_token)
    sha256 = models.CharField(max_length=64)  # of the file as it is kept
    kind = models.CharField(max_length=4)  # jpeg, png, gif
    name = models.CharField(max_length=80)  # of the file that somebody chose
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    size_bytes = models.PositiveIntegerField()
    created_by = models.CharField(max_length=160)
    created_at = models.DateTimeField(auto_now_add=True)
    # When somebody last chose it: a picture in no text is forgotten a while later.
    chosen_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "sha256"], name="one_picture_per_content")
        ]
        indexes = [models.Index(fields=["sha256"], name="picture_content")]

    @property
    def file_name(self) -> str:
        """What the file is called in public."""
        return f"{self.token}.{SUFFIXES[self.kind]}"

    @property
    def path(self) -> str:
        """The public path of the picture."""
        return f"/pictures/{self.file_name}"

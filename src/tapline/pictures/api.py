"""The API's call that takes a picture for texts."""

from __future__ import annotations

from typing import Any

from ninja import File, Router, Status
from ninja.files import UploadedFile
from pydantic import Field

from tapline.pictures.keeping import add_picture
from tapline.pictures.media import address_of
from tapline.workspaces.api_access import ApiRequest, actor_of, needs, workspace_of
from tapline.workspaces.api_types import Answer

router = Router(tags=["broadcasts"])


class PictureOut(Answer):
    address: str = Field(
        description="For `media` of a broadcast. Whoever has it may see the picture."
    )
    kind: str = Field(description="jpeg, png or gif.")
    width: int
    height: int
    size_bytes: int


@router.post(
    "/pictures",
    auth=needs("broadcasts:write"),
    response={201: PictureOut},
    summary="Add a picture for texts",
)
def add(request: ApiRequest, file: File[UploadedFile]) -> Status[dict[str, Any]]:
    """A form (`multipart/form-data`) with the field `file`: JPEG, PNG or GIF,
    at most 5 MB. What a camera wrote into it is removed;
    one that is in no broadcast is forgotten after two days."""
    picture = add_picture(workspace_of(request), file, actor=actor_of(request))
    answer = {
        "address": address_of(picture),
        "kind": picture.kind,
        "width": picture.width,
        "height": picture.height,
        "size_bytes": picture.size_bytes,
    }
    return Status(201, answer)

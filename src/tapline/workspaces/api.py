"""The API's calls on the workspace itself: whose taps are only counted."""

from __future__ import annotations

from typing import Any

from ninja import Router
from pydantic import Field

from tapline.workspaces.api_access import ApiRequest, actor_of, needs, workspace_of
from tapline.workspaces.api_types import Answer, Payload, Word
from tapline.workspaces.counting import only_counted, set_only_counted
from tapline.workspaces.models import Workspace

router = Router(tags=["workspace"])


class OnlyCountedIn(Payload):
    countries: list[Word] = Field(
        max_length=300, description="ISO 3166, such as DE; `*` alone means everybody."
    )


class OnlyCountedOut(Answer):
    countries: list[str] = Field(description="What this workspace itself names.")
    in_force: list[str] = Field(description="The same with what the workspaces above name.")


@router.get(
    "/only-counted",
    auth=needs("settings:read"),
    response=OnlyCountedOut,
    summary="See whose taps are only counted",
)
def read_only_counted(request: ApiRequest) -> dict[str, Any]:
    """Recipients with numbers of these countries all get the same link: nobody can say who
    tapped it."""
    return _told(workspace_of(request))


@router.put(
    "/only-counted",
    auth=needs("settings:write"),
    response=OnlyCountedOut,
    summary="Say whose taps are only counted",
)
def write_only_counted(request: ApiRequest, call: OnlyCountedIn) -> dict[str, Any]:
    """Holds for texts that are prepared or written from now on, here and in the workspaces below;
    texts that were sent before keep their links. What a workspace above names stays in force."""
    workspace = workspace_of(request)
    set_only_counted(workspace, call.countries, actor=actor_of(request))
    return _told(workspace)


def _told(workspace: Workspace) -> dict[str, Any]:
    in_force = list(only_counted(workspace).countries)
    return {"countries": workspace.only_counted, "in_force": in_force}

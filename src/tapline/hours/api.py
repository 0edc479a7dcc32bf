"""The API's calls on quiet hours: what holds and who decided it, and deciding."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from ninja import Router
from pydantic import Field

from tapline.hours.deciding import decide
from tapline.hours.standing import standing_of
from tapline.workspaces.api_access import ApiRequest, actor_of, needs, workspace_of
from tapline.workspaces.api_types import Answer, Payload, Text

router = Router(tags=["hours"])

Hours = Annotated[Text, Field(max_length=200)]


class HoursIn(Payload):
    """What is left out stays; null is decided above again."""

    own_hours: Hours | None = Field(
        None, description="For marketing texts, like: Mon–Fri 9:00–18:00, Sat 10:00–14:00."
    )
    service_hours: Hours | None = Field(None, description="For service texts that wait.")
    service_waits: bool | None = None
    answers_wait: bool | None = None
    most_texts: int | None = Field(None, description="Per person in `cap_days`; 0: no cap.")
    cap_days: int | None = None
    at_night: Literal["wait", "skip"] | None = Field(None, description="For new broadcasts.")
    give_up_hours: int | None = Field(None, description="For new broadcasts that wait.")
    replaced: dict[str, Hours | None] = Field(
        default_factory=dict,
        description="Region (FR, US-FL) → hours in the place of its rule; empty: the rule,"
        " whatever is decided above.",
    )


class DecisionOut(Answer):
    name: str
    value: bool | int | str
    decided_by: str | None = Field(description="The workspace; null: the default.")
    is_own: bool


class OwnHoursOut(Answer):
    hours: str
    decided_by: str | None
    is_own: bool


class RuleOut(Answer):
    region: str
    name: str
    hours: str
    speaks_of: str
    source: str
    instead: str | None = Field(description="Hours in the place of the rule.")
    decided_by: str | None


class HoursOut(Answer):
    decisions: list[DecisionOut]
    own_hours: list[OwnHoursOut] = Field(description="All of them hold.")
    service_hours: list[OwnHoursOut]
    rules: list[RuleOut]


@router.get(
    "/hours", auth=needs("hours:read"), response=HoursOut, summary="Get what holds, and the rules"
)
def get_hours(request: ApiRequest) -> dict[str, Any]:
    return standing_of(workspace_of(request)).as_dict()


@router.patch("/hours", auth=needs("hours:write"), response=HoursOut, summary="Decide about hours")
def change_hours(request: ApiRequest, hours: HoursIn) -> dict[str, Any]:
    """It holds at once, for texts that wait as well."""
    workspace = workspace_of(request)
    decide(workspace, actor=actor_of(request), **hours.model_dump(exclude_unset=True))
    return standing_of(workspace).as_dict()

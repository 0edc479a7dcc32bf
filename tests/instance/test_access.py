"""Nothing that was taken away after a backup opens anything once the backup is restored."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.instance.instances import OtherInstance

DOORS = ["invitation", "key", "session", "share", "sign-in"]


@pytest.fixture(scope="module")
def instance(tmp_path_factory: pytest.TempPathFactory) -> OtherInstance:
    made = OtherInstance(tmp_path_factory.mktemp("instance"))
    made.do("start")
    return made


@pytest.fixture(scope="module")
def given(instance: OtherInstance) -> list[str]:
    """What opens each door of the instance, as name=token."""
    return [f"{name}={token}" for name, token in instance.do("give_access").items()]


@pytest.fixture(scope="module")
def backup(
    instance: OtherInstance, given: list[str], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    target = tmp_path_factory.mktemp("backup") / "backup.tar"
    instance.tapline("backup", target)
    return target


def test_a_restore_closes_every_door_and_says_how_many_can_be_opened_again(
    instance: OtherInstance, given: list[str], backup: Path
) -> None:
    assert instance.do("open_doors", *given) == DOORS

    report = instance.tapline("restore", backup, "--replace")

    assert instance.do("open_doors", *given) == []
    assert report["closed_access"] == 2  # the key and the shared report
    assert instance.do("audit_of", "api_key.held") == ["restore"]
    assert instance.do("audit_of", "report.held") == ["restore"]


def test_whoever_moves_an_instance_may_leave_its_doors_as_they_are(
    instance: OtherInstance, given: list[str], backup: Path
) -> None:
    report = instance.tapline("restore", backup, "--replace", "--keep-access")

    assert instance.do("open_doors", *given) == DOORS
    assert report["closed_access"] == 0

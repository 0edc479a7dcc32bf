"""Nobody who was erased comes back with a backup that was made before."""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path

import pytest

from tapline.instance.erasures import BadErasureList, ListedErasure, add_to_list, read_list
from tests.instance.instances import OtherInstance

ANNA, BEN, CARA = "+12125550101", "+12125550102", "+12125550103"


@pytest.fixture(scope="module")
def met(tmp_path_factory: pytest.TempPathFactory) -> OtherInstance:
    """An instance with three people who each got a text and tapped, backed up beside itself.

    Anna, and then Ben, are erased after the backup.
    """
    instance = OtherInstance(tmp_path_factory.mktemp("met") / "data")
    instance.do("start")
    instance.do("meet", ANNA, BEN, CARA)
    instance.tapline("backup", backup_of(instance))
    assert instance.tapline("contacts", "erase", ANNA, "--yes")["contacts"] == 1
    assert instance.tapline("contacts", "erase", BEN, "--yes")["contacts"] == 1
    return instance


@pytest.fixture
def elsewhere(met: OtherInstance, tmp_path: Path) -> OtherInstance:
    """An empty data folder with the same master key: a new machine."""
    instance = OtherInstance(tmp_path / "elsewhere")
    instance.data_dir.mkdir()
    shutil.copy(met.data_dir / "master.key", instance.data_dir)
    return instance


def backup_of(instance: OtherInstance) -> Path:
    return instance.data_dir.parent / "backup.tar"


def traces(instance: OtherInstance, phone: str) -> list[str]:
    """Return where in an instance's folder a number is found, also without its plus."""
    files = [path for path in instance.data_dir.rglob("*") if path.is_file()]
    found = [str(path) for path in files if phone[1:].encode() in path.read_bytes()]
    return found + (["a click file"] if phone in instance.do("parquet_text") else [])


def test_on_the_same_machine_they_are_gone_before_anything_opens(
    met: OtherInstance, tmp_path: Path
) -> None:
    instance = OtherInstance(tmp_path / "copy")
    shutil.copytree(met.data_dir, instance.data_dir)

    report = instance.tapline("restore", backup_of(met), "--replace")

    shutil.rmtree(report["moved_aside"])
    assert report["erased_again"] == 2
    assert not report["without_erasures"]
    assert traces(instance, ANNA) == traces(instance, BEN) == []
    assert traces(instance, CARA)
    assert instance.do("known_phones") == [CARA]
    assert instance.do("totals") == {"delivered": 3, "tapped": 3, "taps": 3}


def test_an_erasure_is_known_from_the_database_where_the_list_was_lost(
    met: OtherInstance, tmp_path: Path
) -> None:
    instance = OtherInstance(tmp_path / "copy")
    shutil.copytree(met.data_dir, instance.data_dir)
    (instance.data_dir / "erasures.jsonl").unlink()

    report = instance.tapline("restore", backup_of(met), "--replace")

    assert report["erased_again"] == 2


def test_on_another_machine_the_exported_list_does_it(
    met: OtherInstance, elsewhere: OtherInstance, tmp_path: Path
) -> None:
    listed = tmp_path / "list.jsonl"
    assert met.tapline("contacts", "erasures", "export", listed)["erasures"] == 2

    report = elsewhere.tapline("restore", backup_of(met), "--erasures", listed)

    assert report["erased_again"] == 2
    assert elsewhere.do("known_phones") == [CARA]
    assert len(read_list(elsewhere.data_dir / "erasures.jsonl")) == 2


def test_without_a_list_it_is_said_and_can_be_done_later(
    met: OtherInstance, elsewhere: OtherInstance, tmp_path: Path
) -> None:
    met.tapline("contacts", "erasures", "export", tmp_path / "list.jsonl")

    report = elsewhere.tapline("restore", backup_of(met))
    assert (report["erased_again"], report["without_erasures"]) == (0, True)
    assert elsewhere.do("known_phones") == [ANNA, BEN, CARA]
    later = elsewhere.tapline("contacts", "erasures", "import", tmp_path / "list.jsonl")
    again = elsewhere.tapline("contacts", "erasures", "import", tmp_path / "list.jsonl")

    assert (later["erased_again"], again["erased_again"]) == (2, 0)
    assert elsewhere.do("known_phones") == [CARA]


def test_whoever_came_back_since_is_not_erased_again(
    met: OtherInstance, elsewhere: OtherInstance, tmp_path: Path
) -> None:
    met.tapline("contacts", "erasures", "export", tmp_path / "list.jsonl")
    elsewhere.do("start")
    elsewhere.do("meet", ANNA)

    report = elsewhere.tapline("contacts", "erasures", "import", tmp_path / "list.jsonl")

    assert report["erased_again"] == 0
    assert elsewhere.do("known_phones") == [ANNA]


def test_another_instances_list_is_refused(met: OtherInstance, tmp_path: Path) -> None:
    stranger = OtherInstance(tmp_path / "stranger")
    stranger.do("start")
    met.tapline("contacts", "erasures", "export", tmp_path / "list.jsonl")

    refusal = stranger.try_tapline("contacts", "erasures", "import", tmp_path / "list.jsonl")

    assert refusal.returncode == 1
    assert "another instance" in refusal.stdout


def test_a_list_names_nobody(met: OtherInstance) -> None:
    text = (met.data_dir / "erasures.jsonl").read_text()

    assert len(text.splitlines()) == 2
    assert ANNA[1:] not in text


# --- the file -------------------------------------------------------------------------------------


def an_erasure(number: int) -> ListedErasure:
    return ListedErasure(
        id=f"{number:032x}", phone_hash="ab", workspace=1, key="k", at=dt.datetime.now(dt.UTC)
    )


def test_a_line_that_a_power_cut_tore_spoils_no_other(tmp_path: Path) -> None:
    path = tmp_path / "list.jsonl"
    add_to_list(path, [an_erasure(1), an_erasure(2)])
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size - 9)

    torn = read_list(path)
    add_to_list(path, [an_erasure(2), an_erasure(3)])

    assert len(torn) == 1
    assert len(read_list(path)) == 3


def test_adding_twice_adds_once(tmp_path: Path) -> None:
    path = tmp_path / "list.jsonl"

    assert add_to_list(path, [an_erasure(1), an_erasure(1)]) == 1
    assert add_to_list(path, [an_erasure(1)]) == 0
    assert add_to_list(tmp_path / "none", []) == 0
    assert not (tmp_path / "none").exists()


def test_a_file_of_another_kind_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "list.jsonl"
    path.write_text("phone,name\n")

    with pytest.raises(BadErasureList, match="no list of erasures"):
        read_list(path)

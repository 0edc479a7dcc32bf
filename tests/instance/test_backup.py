"""Backups, and instances that come back from them: real folders, real processes."""

from __future__ import annotations

import hashlib
import json
import shutil
import tarfile
from pathlib import Path

import pytest
from pysqlite3 import dbapi2 as sqlite

from tapline.instance.keys import load_or_create_master_key
from tests.instance.instances import OtherInstance

PICTURE = hashlib.sha256(b"a picture").hexdigest()
SEGMENT = "20300501T120000Z-00112233445566778899aabbccddeeff.jsonl"


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> OtherInstance:
    """An instance with codes, clicks, a simulator's ledger and a few broadcasts."""
    instance = OtherInstance(tmp_path_factory.mktemp("live") / "data")
    instance.do("start")
    instance.do("begin_broadcasts")
    instance.do("leave_single_texts")
    instance.do("list_click_file", "listed.parquet")
    instance.do("add_picture")
    for name, content in {
        "clicks/listed.parquet": "P",
        "clicks/replaced.parquet": "old",
        "clicks/manifest.json": "{}",
        f"clicklog/{SEGMENT}": '{"a":1}\n{"b":2}\n{"half a li',
        "clicklog/x.jsonl.draft": "draft",
        "pictures/not-listed": "of no text",
    }.items():
        path = instance.data_dir / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(content)
    (instance.data_dir / "simulator").mkdir()
    ledger = sqlite.connect(str(instance.data_dir / "simulator" / "ledger.sqlite3"))
    ledger.executescript("create table taken (id); insert into taken values (42)")
    ledger.close()
    return instance


@pytest.fixture
def fresh(live: OtherInstance, tmp_path: Path) -> OtherInstance:
    """An empty data folder that has the live instance's master key."""
    instance = OtherInstance(tmp_path / "fresh")
    instance.data_dir.mkdir()
    shutil.copy(live.data_dir / "master.key", instance.data_dir)
    return instance


@pytest.fixture(scope="module")
def folder(live: OtherInstance, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A backup of the live instance, as a folder."""
    target = tmp_path_factory.mktemp("backups") / "backup"
    live.tapline("backup", target)
    return target


def test_no_code_is_handed_out_twice_after_a_restore(
    live: OtherInstance, fresh: OtherInstance, tmp_path: Path
) -> None:
    before = live.do("mint", 300)
    report = live.tapline("backup", tmp_path / "backup.tar")
    lost = live.do("mint", 300)  # On phones, and in no backup.

    restored = fresh.tapline("restore", tmp_path / "backup.tar")
    after = fresh.do("mint", 300)

    assert len({*before, *lost, *after}) == 900
    assert set(before) <= set(fresh.do("codes_of_all"))
    assert restored["epoch"] > report["epoch"]


def test_everything_comes_back_but_the_master_key_and_what_no_list_names(
    live: OtherInstance, fresh: OtherInstance, tmp_path: Path
) -> None:
    target = tmp_path / "backup.tar"
    live.tapline("backup", target)
    with tarfile.open(target) as tar:
        assert sorted(tar.getnames()) == [
            "backup.json",
            f"clicklog/{SEGMENT}",
            "clicks/listed.parquet",
            "clicks/manifest.json",
            "control.sqlite3",
            f"pictures/{PICTURE}",
            "simulator/ledger.sqlite3",
        ]

    restored = fresh.tapline("restore", target)

    assert (fresh.data_dir / "clicks" / "listed.parquet").read_text() == "P"
    # The line that was being written when the backup was made was no click yet.
    assert (fresh.data_dir / "clicklog" / SEGMENT).read_text() == '{"a":1}\n{"b":2}\n'
    ledger = sqlite.connect(str(fresh.data_dir / "simulator" / "ledger.sqlite3"))
    assert ledger.execute("select id from taken").fetchall() == [(42,)]
    ledger.close()
    assert (fresh.data_dir / "pictures" / PICTURE).read_bytes() == b"a picture"
    assert restored["files"] == 6
    assert not list(fresh.data_dir.glob(".*"))
    assert fresh.do("broadcast_states") == {
        "draft": ["draft", ""],
        "scheduled": ["paused", "scheduled"],
        "preparing": ["paused", "preparing"],
        "sending": ["paused", "sending"],
        "sent": ["sent", ""],
        "single": ["sending", ""],
    }
    # The provider knows which of these the lost instance has sent since.
    assert fresh.do("message_states") == ["unknown*", "unknown*", "unknown*", "delivered"]
    assert restored["paused_broadcasts"] == 3


def test_a_restore_into_a_used_folder_must_be_asked_for_and_deletes_nothing(
    fresh: OtherInstance, folder: Path
) -> None:
    first = fresh.tapline("restore", folder)

    refusal = fresh.try_tapline("restore", folder)
    second = fresh.tapline("restore", folder, "--replace")

    assert refusal.returncode == 1
    assert "not empty" in json.loads(refusal.stdout)["error"]["what"]
    # Two restores of one backup live in two epochs, so edges drop what they copied in between.
    assert second["epoch"] > first["epoch"]
    assert (Path(second["moved_aside"]) / "control.sqlite3").exists()
    checks = {each["name"]: each["ok"] for each in fresh.tapline("check")["checks"]}
    assert checks["tables"]
    assert checks["instance"]


def test_a_restore_without_the_right_key_changes_nothing(folder: Path, tmp_path: Path) -> None:
    keyless, stranger = OtherInstance(tmp_path / "keyless"), OtherInstance(tmp_path / "stranger")
    load_or_create_master_key(stranger.data_dir / "master.key")

    for instance in (keyless, stranger):
        refusal = instance.try_tapline("restore", folder)
        assert refusal.returncode == 1
        assert "keys import" in json.loads(refusal.stdout)["error"]["do"]
        assert not (instance.data_dir / "control.sqlite3").exists()


@pytest.mark.parametrize("damage", ["cut", "changed", "missing", "smuggled"])
def test_a_damaged_backup_is_refused_and_nothing_changed(
    fresh: OtherInstance, folder: Path, tmp_path: Path, damage: str
) -> None:
    folder = shutil.copytree(folder, tmp_path / "damaged")
    contents = json.loads((folder / "backup.json").read_text())
    if damage == "cut":
        (folder / "backup.json").unlink()
    if damage == "changed":
        (folder / "clicks" / "listed.parquet").write_text("Q")
    if damage == "missing":
        (folder / "clicks" / "listed.parquet").unlink()
    if damage == "smuggled":
        (folder / "master.key").write_text("x")
        contents["files"].append({"name": "master.key", "size_bytes": 1, "sha256": ""})
        (folder / "backup.json").write_text(json.dumps(contents))

    refusal = fresh.try_tapline("restore", folder)

    assert refusal.returncode == 1
    assert "backup" in json.loads(refusal.stdout)["error"]["what"]
    assert sorted(path.name for path in fresh.data_dir.iterdir()) == ["master.key", "up.lock"]


def test_a_backup_never_overwrites_and_leaves_no_half_one(
    live: OtherInstance, tmp_path: Path
) -> None:
    target = tmp_path / "backup.tar"
    live.tapline("backup", target)
    before = target.read_bytes()
    assert live.try_tapline("backup", target).returncode == 1
    assert target.read_bytes() == before

    listed = live.data_dir / "clicks" / "listed.parquet"
    listed.rename(listed.with_suffix(".away"))
    try:
        failed = live.try_tapline("backup", tmp_path / "second")
    finally:
        listed.with_suffix(".away").rename(listed)

    assert failed.returncode == 1
    assert "disappeared" in json.loads(failed.stdout)["error"]["what"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["backup.tar"]


def test_a_folder_without_an_instance_cannot_be_backed_up(tmp_path: Path) -> None:
    failed = OtherInstance(tmp_path / "nothing").try_tapline("backup", tmp_path / "backup")

    assert failed.returncode == 1
    assert "no instance" in json.loads(failed.stdout)["error"]["what"]

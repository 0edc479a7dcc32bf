"""The master key: made once, missed loudly, exported and brought back."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pytest
from pysqlite3 import dbapi2 as sqlite

from tapline.config import Config
from tapline.instance.key_file import BadKeyFile, BadPassphrase, open_key_file, seal_master_key
from tapline.instance.key_keeping import KeyInPlace, import_key
from tapline.instance.keys import (
    KEY_BYTES,
    MasterKeyMissing,
    MasterKeyUnreadable,
    Purpose,
    derive,
    fingerprint,
    instance_key,
    load_or_create_master_key,
    write_master_key,
)
from tests.instance.instances import PASSPHRASE, OtherInstance

MASTER = bytes(range(KEY_BYTES))
MADE_AT = dt.datetime(2030, 5, 1, tzinfo=dt.UTC)


def test_a_new_instance_gets_a_key_that_only_its_user_can_read(tmp_path: Path) -> None:
    settings = Config(data_dir=tmp_path)

    key = instance_key(settings)

    assert len(key) == KEY_BYTES
    assert instance_key(settings) == key
    assert (tmp_path / "master.key").stat().st_mode & 0o777 == 0o600


def test_an_instance_that_lost_its_key_gets_no_new_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Config(data_dir=tmp_path)
    settings.control_database.write_text("not empty")

    with pytest.raises(MasterKeyMissing, match="keys import"):
        instance_key(settings)
    monkeypatch.setattr("tapline.config.current", lambda: settings)
    with pytest.raises(MasterKeyMissing):
        load_or_create_master_key(settings.master_key_path)

    assert not settings.master_key_path.exists()


@pytest.mark.parametrize("content", ["", "c2hvcnQ=", "not base64!", "é"])
def test_a_damaged_key_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "master.key"
    path.write_text(content)

    with pytest.raises(MasterKeyUnreadable):
        load_or_create_master_key(path)

    assert path.read_text() == content


def test_each_purpose_has_a_key_of_its_own() -> None:
    keys = {derive(MASTER, purpose) for purpose in Purpose}

    assert len(keys) == len(Purpose)
    assert MASTER not in keys


def test_the_keys_of_a_master_key_never_change() -> None:
    # A change here makes every code on phones, every seal and every hash unreadable.
    assert (
        derive(MASTER, Purpose.CODES).hex()
        == "729da2cb5be5fd690df741ac388cfb17a8bed211205ac38e919299d72923ea62"
    )
    assert fingerprint(MASTER).startswith("e9c832da3097c4bc")


def test_an_exported_key_comes_back_under_its_passphrase_alone() -> None:
    text = seal_master_key(MASTER, PASSPHRASE, MADE_AT)

    assert text.isascii()
    assert max(len(line) for line in text.splitlines() if not line.startswith("fing")) <= 70
    assert open_key_file(text, PASSPHRASE) == MASTER
    head, _, key = text.partition("\nkey:\n")
    as_typed_off_paper = f"{head}\nkey: {key.replace(' ', '').lower()}".replace("\n", "\r\n")
    assert open_key_file(as_typed_off_paper, PASSPHRASE) == MASTER
    with pytest.raises(BadPassphrase):
        open_key_file(text, PASSPHRASE + " ")


def test_a_short_passphrase_is_refused() -> None:
    with pytest.raises(BadPassphrase, match="12"):
        seal_master_key(MASTER, "eleven char", MADE_AT)


@pytest.mark.parametrize(
    ("written", "instead", "refusal"),
    [
        ("Tapline master key", "Another key", BadKeyFile),
        ("scrypt n=131072", "scrypt n=2", BadKeyFile),
        ("salt: ", "salz: ", BadKeyFile),
        ("nonce: ", "nonce: 1", BadKeyFile),  # base32 has no 1
        ("fingerprint: ", "fingerprint: 00", BadPassphrase),  # bound to the key
    ],
)
def test_a_changed_key_file_does_not_open(
    written: str, instead: str, refusal: type[Exception]
) -> None:
    text = seal_master_key(MASTER, PASSPHRASE, MADE_AT)
    assert written in text

    with pytest.raises(refusal):
        open_key_file(text.replace(written, instead), PASSPHRASE)


def test_a_key_is_never_put_where_another_belongs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Config(data_dir=tmp_path / "data")
    settings.data_dir.mkdir()
    monkeypatch.setattr("tapline.config.current", lambda: settings)
    exported = tmp_path / "key.txt"
    exported.write_text(seal_master_key(MASTER, PASSPHRASE, MADE_AT))
    database = sqlite.connect(str(settings.control_database), isolation_level=None)
    database.execute("create table instance_instance (id, key_fingerprint)")
    database.execute("insert into instance_instance values (1, 'of another')")

    with pytest.raises(KeyInPlace, match="another instance"):
        import_key(exported, PASSPHRASE)
    database.execute("update instance_instance set key_fingerprint = ?", [fingerprint(MASTER)])
    database.close()
    assert import_key(exported, PASSPHRASE) == settings.master_key_path
    assert import_key(exported, PASSPHRASE) == settings.master_key_path  # Twice is no harm.
    assert instance_key(settings) == MASTER

    settings.master_key_path.unlink()
    another = bytes(KEY_BYTES)
    write_master_key(settings.master_key_path, another)
    with pytest.raises(KeyInPlace, match="Another master key"):
        import_key(exported, PASSPHRASE)
    assert instance_key(settings) == another


@pytest.mark.parametrize("content", [None, b"", b"\xff\xfe", b"Tapline master key\n"])
def test_a_file_without_a_key_is_refused(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "key.txt"
    if content is not None:
        file.write_bytes(content)

    with pytest.raises(BadKeyFile):
        import_key(file, PASSPHRASE)


def test_a_lost_key_is_brought_back_by_the_commands(tmp_path: Path) -> None:
    instance = OtherInstance(tmp_path / "data")
    instance.do("start")
    key_file = instance.data_dir / "master.key"

    import_it = instance.export_key(tmp_path / "key.txt")
    assert instance.tapline("check")["ok"]
    assert (tmp_path / "key.txt").stat().st_mode & 0o777 == 0o600
    key_file.rename(tmp_path / "lost.key")
    lost = instance.try_tapline("check")
    back = instance.try_tapline(*import_it)

    assert lost.returncode == 1
    (wrong,) = [each for each in json.loads(lost.stdout)["checks"] if not each["ok"]]
    assert "is missing" in wrong["found"]
    assert "keys import" in wrong["do"]
    assert back.returncode == 0
    assert key_file.read_bytes() == (tmp_path / "lost.key").read_bytes()
    assert instance.tapline("keys", "rotate")["domains"] == ["localhost"]

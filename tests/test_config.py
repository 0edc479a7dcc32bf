"""Settings come from the environment, are checked, and are all documented."""

from __future__ import annotations

from pathlib import Path

import pytest
from docs.reference import commands_page, hours_page, settings_page

from tapline import config

ROOT = Path(__file__).resolve().parent.parent


def test_without_any_variable_the_defaults_hold() -> None:
    settings = config.load({})

    assert settings.edge_listen == "127.0.0.1:8080"
    assert settings.control_database == Path("data/control.sqlite3")


def test_variables_are_read_by_their_kind() -> None:
    settings = config.load(
        {"TAPLINE_EDGE_PROCESSES": "3", "TAPLINE_DEBUG": "yes", "TAPLINE_DATA_DIR": "/srv/tapline"}
    )

    assert (settings.edge_processes, settings.debug) == (3, True)
    assert settings.master_key_path == Path("/srv/tapline/master.key")


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("TAPLINE_EDGE_PROCESSES", "many", "a whole number"),
        ("TAPLINE_DEBUG", "perhaps", "on or off"),
        ("TAPLINE_QUIET_HOURS", "sometimes", "people, always, off"),
    ],
)
def test_a_value_of_the_wrong_kind_is_refused_by_name(name: str, value: str, why: str) -> None:
    with pytest.raises(config.BadSetting) as refused:
        config.load({name: value})

    assert name in refused.value.what
    assert why in refused.value.why


@pytest.mark.parametrize(
    ("listen", "address"),
    [
        ("127.0.0.1:8080", ("127.0.0.1", 8080)),
        ("[::1]:80", ("::1", 80)),
        (" localhost:0 ", ("localhost", 0)),
    ],
)
def test_addresses_to_listen_on_are_read(listen: str, address: tuple[str, int]) -> None:
    assert config.parse_address(listen) == address


@pytest.mark.parametrize(
    "listen", ["8080", ":8080", "host:", "host:http", "host:70000", "host:²", ""]
)
def test_what_is_no_address_is_refused(listen: str) -> None:
    with pytest.raises(config.BadSetting):
        config.parse_address(listen)


def test_the_settings_page_says_what_the_code_says() -> None:
    assert (ROOT / "docs" / "settings.md").read_text(encoding="utf-8") == settings_page()


def test_the_commands_page_says_what_help_says() -> None:
    assert (ROOT / "docs" / "commands.md").read_text(encoding="utf-8") == commands_page()


def test_the_page_on_quiet_hours_lists_the_rules_as_the_code_has_them() -> None:
    assert (ROOT / "docs" / "hours.md").read_text(encoding="utf-8") == hours_page()

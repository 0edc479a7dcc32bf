"""Every setting of Tapline, once: name, default, unit and help. No Django here; the edge reads it.

A field `edge_listen` is set by the environment variable `TAPLINE_EDGE_LISTEN`. A secret may also
come from a file named by `TAPLINE_…_FILE`. `tapline check` and docs/settings.md read this list.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from tapline.digits import whole_number
from tapline.errors import TaplineError


class BadSetting(TaplineError):
    """A setting holds a value that Tapline cannot use."""


def setting(
    default: Any,
    help_text: str,
    *,
    unit: str = "",
    secret: bool = False,
    shown: str = "",
    choices: tuple[str, ...] = (),
) -> Any:
    """Declare one setting; `unit` is empty for plain words and switches.

    `shown` says the default in words where it depends on the machine; `choices` are the only words
    that it may hold.
    """
    unit = unit or ", ".join(choices)
    metadata: dict[str, Any] = {"help": help_text, "unit": unit}
    metadata |= {"secret": secret, "shown": shown, "choices": choices}
    return field(default=default, metadata=metadata)


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """The settings of one process. Build it with `load`, never by hand outside tests."""

    data_dir: Path = setting(Path("data"), "Folder that holds everything Tapline keeps.")
    web_listen: str = setting("127.0.0.1:8000", "Where pages and API answer.", unit="host:port")
    web_url: str = setting(
        "http://127.0.0.1:8000", "How browsers and providers reach pages and API.", unit="URL"
    )
    edge_listen: str = setting(
        "127.0.0.1:8080", "Where links are answered; several with commas.", unit="host:port"
    )
    edge_admin_listen: str = setting(
        "127.0.0.1:8081", "Where /-/health and /-/metrics of the edge answer.", unit="host:port"
    )
    edge_processes: int = setting(
        max(1, (os.cpu_count() or 1) // 2),
        "Serving children of the edge.",
        unit="processes",
        shown="half the cores",
    )
    edge_tls_listen: str = setting(
        "", "Where links are answered with TLS; several with commas.", unit="host:port"
    )
    edge_tls_certificate: Path | None = setting(
        None, "File with the certificate chain (PEM); read again when it changes."
    )
    edge_tls_key: Path | None = setting(None, "File with the certificate's key (PEM).")
    edge_tls_folder: Path | None = setting(
        None,
        "Folder with certificates of several domains: HOST.crt with HOST.key, or certbot's live"
        " folder; read again when it changes.",
    )
    edge_challenge_dir: Path | None = setting(
        None, "Folder in which certbot's webroot mode leaves its proofs; the edge shows them."
    )
    edge_public_addresses: str = setting(
        "", "Under which addresses phones reach the edge, with commas: domains must point there."
    )
    edge_public_host: str = setting(
        "", "Host name with those addresses, to which sub-domains may be an alias (CNAME)."
    )
    certificate_authorities: str = setting(
        "letsencrypt.org", "Who makes certificates for domains, as CAA records name them."
    )
    dns_servers: str = setting(
        "",
        "Name servers that are asked when domains are checked, with commas; empty: this machine's.",
        unit="address or address:port",
    )
    dns_seconds: float = setting(
        6.0, "How long one check of a domain may wait for name servers.", unit="seconds"
    )
    edge_trusted_proxies: str = setting(
        "", "Addresses or networks of our own proxies, with commas.", unit="CIDR"
    )
    edge_client_address_header: str = setting(
        "X-Forwarded-For", "The one header in which those proxies name the client."
    )
    web_trusted_proxies: str = setting(
        "127.0.0.0/8,::1/128",
        "The same as seen by pages and API: addresses or networks of our own proxies.",
        unit="CIDR",
    )
    web_client_address_header: str = setting(
        "X-Forwarded-For", "The one header in which those name the client."
    )
    edge_connections: int = setting(
        4096, "Open connections that one child of the edge takes.", unit="connections"
    )
    edge_connections_per_network: int = setting(
        1024, "The same from one network (/24 or /48).", unit="connections"
    )
    edge_request_seconds: float = setting(
        10.0, "How long a client may take to send one request.", unit="seconds"
    )
    simulator_listen: str = setting(
        "127.0.0.1:8082", "Where the built-in provider simulator answers.", unit="host:port"
    )
    simulator_speed: float = setting(
        60.0,
        "How fast time runs for simulated phones and people.",
        unit="simulated seconds per second",
    )
    simulator_seed: int = setting(
        1, "Which simulated people answer: the same seed, the same behaviour."
    )
    simulator_scenario: str = setting(
        "",
        "Who opens links at the simulator: `mixed` for every kind of machine, or a scenario's file"
        " (docs/verdicts.md). Empty: the everyday people.",
    )
    master_key_file: Path | None = setting(
        None, "File with the instance's master key; by default master.key in the data folder."
    )
    erasures_file: Path | None = setting(
        None,
        "File with the list of erasures, which outlives a restore; on another disk it outlives this"
        " one. By default erasures.jsonl in the data folder.",
    )
    clicklog_keep_days: int = setting(
        3,
        "How long click log segments, which hold full addresses, stay after they were read.",
        unit="days",
    )
    clicks_keep_delisted_seconds: int = setting(
        3600, "How long replaced click files stay for readers that still name them.", unit="seconds"
    )
    clicks_keep_people_days: int = setting(
        0,
        "After how long clicks lose contact, network and agent; counts stay. 0: never.",
        unit="days",
    )
    messages_keep_days: int = setting(
        0,
        "After how long texts lose number and words; that they were sent stays. 0: never.",
        unit="days",
    )
    replies_keep_days: int = setting(
        0,
        "After how long what people wrote, and what was answered, is forgotten. 0: never.",
        unit="days",
    )
    audit_keep_days: int = setting(
        0,
        "After how long the audit forgets from what to what something changed; who did it and when"
        " stays. 0: never.",
        unit="days",
    )
    geo_place_file: Path | None = setting(
        None,
        "File in MaxMind's format with country, region and city of addresses; by default"
        " geo/place.mmdb in the data folder.",
    )
    geo_network_file: Path | None = setting(
        None,
        "File in MaxMind's format with who runs a network (ASN); by default geo/network.mmdb in the"
        " data folder.",
    )
    geo_place_address: str = setting(
        "",
        "Where `tapline geo update` fetches the file with places; {month} becomes 2026-11. Empty:"
        " MaxMind's GeoLite where there is a licence key, else DB-IP's free file.",
        unit="URL",
    )
    geo_network_address: str = setting(
        "", "The same for the file with who runs a network.", unit="URL"
    )
    networks_file: Path | None = setting(
        None, "Your own lists of network ranges by kind (docs/places.md), beside those fetched."
    )
    networks_addresses: str = setting(
        "",
        "What `tapline networks update` fetches, with commas: a kind (hosting, relay, preview), a"
        " space, an address. Empty: the lists of Google and Amazon.",
    )
    geo_maxmind_account: str = setting("", "Account number at MaxMind, for its GeoLite files.")
    geo_maxmind_key: str = setting("", "Licence key at MaxMind.", secret=True)
    lookalike_percent: float = setting(
        0.5,
        "Texts opened by machines that nobody can tell from people, as long as few seed contacts"
        " have told better (docs/verdicts.md); 0: count none.",
        unit="percent",
    )
    report_threads: int = setting(2, "Threads that answer reports.", unit="threads")
    report_memory: str = setting("1GB", "Memory for reports, before they spill to disk.")
    quiet_hours: str = setting(
        "people",
        "Whose nights are kept free of texts: people (simulated phones get theirs at any hour),"
        " always (simulated phones too), off (nobody's: the law is then yours to keep).",
        choices=("people", "always", "off"),
    )
    sender_rate: float = setting(
        0.0, "Texts a second from one sender number. 0: as fast as the provider takes them."
    )
    answer_days: int = setting(
        30, "How long after somebody last wrote to us they may be answered.", unit="days"
    )
    destination_seconds: float = setting(
        10.0, "How long one look at a link's destination may take.", unit="seconds"
    )
    destination_minutes: int = setting(
        10,
        "How often the destinations of links that people tap just now are looked at. 0: only when"
        " somebody asks.",
        unit="minutes",
    )
    destination_local_hosts: str = setting(
        "",
        "Destinations that are looked at although they lie in a private network, with commas.",
        unit="host or host:port",
    )
    outbound_local: bool = setting(
        False,
        "Let addresses that users give (a provider's, a webhook's) lead to this machine or a"
        " private network, and without TLS: for a gateway of your own.",
    )
    part_price: float = setting(
        0.0, "What one part costs where the provider names no price.", unit="currency"
    )
    mail_url: str = setting(
        "",
        "Mail server for notices: smtp://, smtp+starttls:// or smtps://name:password@host:port.",
        unit="URL",
        secret=True,
    )
    mail_from: str = setting("tapline@localhost", "From whom notices come.", unit="e-mail address")
    oidc_issuer: str = setting(
        "", "Identity provider for single sign-on (OpenID Connect), as it calls itself.", unit="URL"
    )
    oidc_client_id: str = setting("", "As whom it knows this instance.")
    oidc_client_secret: str = setting("", "What it gave this instance to prove that.", secret=True)
    oidc_name: str = setting("", "What the button for it says, such as the company's name.")
    oidc_domains: str = setting(
        "", "E-mail domains that come in by it, with commas. Empty: every one that it vouches for."
    )
    oidc_workspace: int = setting(
        0, "Number of the workspace that newcomers get. 0: newcomers need an invitation."
    )
    oidc_role: str = setting(
        "viewer",
        "The role that newcomers get there.",
        choices=("owner", "manager", "sender", "viewer"),
    )
    oidc_only: bool = setting(
        False,
        "Let nobody in otherwise: no links by e-mail, no passkeys alone. Links that the server"
        " prints go on working.",
    )
    debug: bool = setting(False, "Show programming errors in the browser. Never on the internet.")

    @property
    def control_database(self) -> Path:
        return self.data_dir / "control.sqlite3"

    @property
    def master_key_path(self) -> Path:
        return self.master_key_file or self.data_dir / "master.key"

    @property
    def erasures_path(self) -> Path:
        return self.erasures_file or self.data_dir / "erasures.jsonl"

    @property
    def click_log_dir(self) -> Path:
        return self.data_dir / "clicklog"

    @property
    def click_store_dir(self) -> Path:
        return self.data_dir / "clicks"

    @property
    def replica_dir(self) -> Path:
        return self.data_dir / "replica"

    @property
    def pictures_dir(self) -> Path:
        return self.data_dir / "pictures"

    @property
    def simulator_dir(self) -> Path:
        return self.data_dir / "simulator"


def variable(name: str) -> str:
    """Return the environment variable that sets the field `name`."""
    return f"TAPLINE_{name.upper()}"


def load(environ: Mapping[str, str]) -> Config:
    """Return the settings found in `environ`; raises `BadSetting` for a value of the wrong kind."""
    values = {}
    for item in fields(Config):
        raw = _raw_value(environ, variable(item.name), secret=item.metadata["secret"])
        if raw is not None:
            values[item.name] = _parse(variable(item.name), raw, str(item.type))
            _refuse_other_words(variable(item.name), raw, item.metadata["choices"])
    return Config(**values)


@functools.cache
def current() -> Config:
    """Return this process's settings, read once from its environment."""
    return load(os.environ)


def parse_address(listen: str) -> tuple[str, int]:
    """Return host and port of `host:port` or `[v6]:port`; raises `BadSetting`."""
    host, _, written = listen.strip().rpartition(":")
    port = whole_number(written)
    if not host or port is None or port > 65535:
        raise BadSetting(
            f"'{listen}' is not an address to listen on.",
            why="It needs a host and a port.",
            do="Write it like 127.0.0.1:8080 or [::1]:8080.",
        )
    return host.strip("[]"), port


def _raw_value(environ: Mapping[str, str], name: str, *, secret: bool) -> str | None:
    file_name = environ.get(f"{name}_FILE") if secret else None
    if file_name:
        return Path(file_name).read_text(encoding="utf-8").strip()
    return environ.get(name)


def _refuse_other_words(name: str, raw: str, choices: tuple[str, ...]) -> None:
    if choices and raw not in choices:
        raise BadSetting(
            f"{name} is set to '{raw}'.",
            why=f"It must be one of: {', '.join(choices)}.",
            do=f"Correct {name} in the environment, or unset it to use the default.",
        )


def _parse(name: str, raw: str, kind: str) -> Any:
    try:
        if kind == "bool":
            return {
                "1": True,
                "true": True,
                "yes": True,
                "on": True,
                "0": False,
                "false": False,
                "no": False,
                "off": False,
                "": False,
            }[raw.lower()]
        if kind == "int":
            return int(raw)
        if kind == "float":
            return float(raw)
    except (KeyError, ValueError) as error:
        raise BadSetting(
            f"{name} is set to '{raw}'.",
            why=f"It must be {_KIND_WORDS[kind]}.",
            do=f"Correct {name} in the environment, or unset it to use the default.",
        ) from error
    return Path(raw) if "Path" in kind else raw


_KIND_WORDS = {"bool": "on or off", "int": "a whole number", "float": "a number"}

"""Which certificate a host name is shown with: read from files, read again when they change.

A folder holds a pair of files for each certificate, `NAME.crt` with `NAME.key`, or as certbot
lays them out: `NAME/fullchain.pem` with `NAME/privkey.pem`. Which hosts a pair serves, its
certificate says, wildcards included; of two for one host the one that ends later is shown.
Files that cannot be used (yet) leave what was read before in use. Children serve by this, and the
parent reads the same to tell about it.
"""

from __future__ import annotations

import datetime as dt
import ssl
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.x509.oid import NameOID

# Renewals begin thirty days before the end: with so few days left they have failed for a while.
ALARM_DAYS = 14

FileState = tuple[tuple[int, int, int], ...]


@dataclass(frozen=True, slots=True)
class Pair:
    """A certificate chain and its key (both PEM)."""

    certificate: Path
    key: Path


@dataclass(frozen=True, slots=True)
class Loaded:
    """A pair that was read and fits together."""

    names: tuple[str, ...]  # lower-case, as in the certificate: `*.example.com` for a wildcard
    ends_at: dt.datetime
    context: ssl.SSLContext


@dataclass(slots=True)
class _Known:
    """What is known of one pair: its files as last looked at, what serves, what is wrong."""

    seen: FileState = ()
    loaded: Loaded | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateReport:
    """One pair as health and pages show it; `problem` is empty where all is well."""

    file: str
    names: tuple[str, ...]
    ends_at: dt.datetime | None
    problem: str


class Certificates:
    """All certificates of one process. `default` is shown to whoever names no known host."""

    def __init__(self, default: Pair | None, folder: Path | None) -> None:
        self._default = default
        self._folder = folder
        self._folder_problem = ""
        self._known: dict[Pair, _Known] = {}
        self._by_name: dict[str, Loaded] = {}
        self.refresh()

    def refresh(self) -> int:
        """Read what changed since the last call; return how many pairs could not be used."""
        pairs = [*([self._default] if self._default else []), *self._in_folder()]
        failures = sum(not self._refresh_pair(pair) for pair in pairs)
        for gone in self._known.keys() - set(pairs):
            del self._known[gone]
        self._by_name = _by_name(self._known.values())
        return failures

    def server_context(self) -> ssl.SSLContext:
        """Return the context to listen with: it takes the certificate of the host asked for."""
        context = _new_context()

        def choose(
            connection: ssl.SSLSocket | ssl.SSLObject, name: str | None, _: ssl.SSLContext
        ) -> int | None:
            loaded = self.find(name)
            if loaded is None:
                return ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME
            connection.context = loaded.context
            return None

        context.sni_callback = choose
        return context

    def find(self, name: str | None) -> Loaded | None:
        """Return the certificate for a host, or None: its own, a wildcard's, the default one, and
        for clients that name no host the only one there is."""
        if name:
            host = name.lower().removesuffix(".")
            found = self._by_name.get(host) or self._by_name.get(f"*.{host.partition('.')[2]}")
            if found:
                return found
        if self._default:
            return self._known[self._default].loaded
        usable = [known.loaded for known in self._known.values() if known.loaded]
        return usable[0] if len(usable) == 1 and not name else None

    def report(self, now: dt.datetime) -> list[CertificateReport]:
        """Return every pair, sorted by file, and what is wrong with it at this moment."""
        reports = [_report(pair, known, now) for pair, known in self._known.items()]
        if self._folder_problem:
            reports.append(
                CertificateReport(
                    file=str(self._folder), names=(), ends_at=None, problem=self._folder_problem
                )
            )
        return sorted(reports, key=lambda each: each.file)

    def _in_folder(self) -> list[Pair]:
        """Return the folder's pairs; those known before where it cannot be read."""
        if self._folder is None:
            return []
        try:
            pairs = sorted(set(_pairs_in(self._folder)), key=lambda pair: pair.certificate)
        except OSError as error:
            self._folder_problem = f"The folder cannot be read: {error.strerror}."
            return [pair for pair in self._known if pair != self._default]
        self._folder_problem = "" if pairs else "The folder holds no certificates."
        return pairs

    def _refresh_pair(self, pair: Pair) -> bool:
        known = self._known.setdefault(pair, _Known())
        try:
            state = _state_of(pair)
            if state == known.seen:
                return not known.problem
            known.seen = state
            known.loaded, known.problem = _load(pair), ""
        except OSError as error:
            # `ssl.SSLError` is one of these; its own words are of no use to people.
            is_ssl = isinstance(error, ssl.SSLError)
            known.seen = known.seen if is_ssl else ()
            known.problem = (
                "The certificate and its key do not fit together, or the key has a passphrase."
                if is_ssl
                else f"A file cannot be read: {error.strerror}."
            )
        except ValueError:
            known.problem = "The file is no certificate in PEM form."
        return not known.problem


def _pairs_in(folder: Path) -> Iterator[Pair]:
    """Return the pairs of which at least one file is there: half a pair is worth an alarm."""
    for entry in folder.iterdir():
        chain, key = entry / "fullchain.pem", entry / "privkey.pem"
        if entry.suffix in (".crt", ".key"):
            yield Pair(entry.with_suffix(".crt"), entry.with_suffix(".key"))
        elif chain.is_file() or key.is_file():
            yield Pair(chain, key)


def _state_of(pair: Pair) -> FileState:
    """Return what changes when a file, or what a link leads to, is replaced or written to."""
    states = [file.stat() for file in (pair.certificate, pair.key)]
    return tuple((each.st_mtime_ns, each.st_ino, each.st_size) for each in states)


def _load(pair: Pair) -> Loaded:
    certificate = x509.load_pem_x509_certificates(pair.certificate.read_bytes())[0]
    context = _new_context()
    # Without a password of ours OpenSSL would ask the terminal for one, and wait.
    context.load_cert_chain(pair.certificate, pair.key, password="")
    return Loaded(_names_of(certificate), certificate.not_valid_after_utc, context)


def _new_context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _names_of(certificate: x509.Certificate) -> tuple[str, ...]:
    try:
        extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
        names = extension.value.get_values_for_type(x509.DNSName)
    except x509.ExtensionNotFound:
        common = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        names = [str(each.value) for each in common]
    return tuple(name.lower() for name in names)


def _by_name(all_known: Iterable[_Known]) -> dict[str, Loaded]:
    usable = [known.loaded for known in all_known if known.loaded]
    ending_last = sorted(usable, key=lambda loaded: loaded.ends_at)
    return {name: loaded for loaded in ending_last for name in loaded.names}


def _report(pair: Pair, known: _Known, now: dt.datetime) -> CertificateReport:
    loaded = known.loaded
    problem = known.problem
    if problem and loaded:
        problem += " The certificate read before is still shown."
    elif loaded:
        problem = _end_problem(loaded.ends_at, now)
    return CertificateReport(
        file=str(pair.certificate),
        names=loaded.names if loaded else (),
        ends_at=loaded.ends_at if loaded else None,
        problem=problem,
    )


def _end_problem(ends_at: dt.datetime, now: dt.datetime) -> str:
    if ends_at <= now:
        return "The certificate has ended: phones warn of this link or refuse to open it."
    days = (ends_at - now).days
    if days < ALARM_DAYS:
        return f"The certificate ends in {days} days, and nobody has renewed it."
    return ""

"""The master key as a file to keep apart: sealed under a passphrase, fit to be printed.

scrypt makes each guess at the passphrase cost 128 MB and a good part of a second; AES-GCM finds
every typing mistake. Everything before the key is bound to it, so it cannot be changed unseen.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import os
import textwrap
from collections.abc import Mapping

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from tapline.errors import TaplineError
from tapline.instance.keys import KEY_BYTES, fingerprint

TITLE = "Tapline master key, sealed with a passphrase"
SHORTEST_PASSPHRASE = 12
# Source: RFC 7914; 128 MB and about 0.3 s, what OWASP's password storage page asks for.
SCRYPT = {"n": 2**17, "r": 8, "p": 1}
SALT_BYTES = 16
NONCE_BYTES = 12

_LAYOUT = """\
{title}

Keep this apart from backups, and the passphrase apart from this.
To put the key back: tapline keys import FILE

made: {made}
fingerprint: {fingerprint}
kdf: scrypt n={n} r={r} p={p}
salt: {salt}
nonce: {nonce}
key:
{key}
"""


class BadPassphrase(TaplineError):
    """The passphrase is too short, or not the one that the file was sealed with."""


class BadKeyFile(TaplineError):
    """The file holds no exported master key."""


def seal_master_key(master: bytes, passphrase: str, made_at: dt.datetime) -> str:
    """Return the text of a key file; raises `BadPassphrase` for one that is too short."""
    if len(passphrase) < SHORTEST_PASSPHRASE:
        raise BadPassphrase(
            f"This passphrase has {len(passphrase)} characters.",
            why="Whoever finds the file can try millions of short ones.",
            do=f"Use {SHORTEST_PASSPHRASE} characters or more, for instance five random words.",
        )
    salt, nonce = os.urandom(SALT_BYTES), os.urandom(NONCE_BYTES)
    mark = fingerprint(master)
    sealed = _cipher(passphrase, salt).encrypt(nonce, master, mark.encode())
    return _LAYOUT.format(
        title=TITLE,
        made=f"{made_at:%Y-%m-%d}",
        fingerprint=mark,
        salt=_spell(salt),
        nonce=_spell(nonce),
        key="\n".join(textwrap.wrap(_spell(sealed), 50)),
        **SCRYPT,
    )


def open_key_file(text: str, passphrase: str) -> bytes:
    """Return the master key in the text of a key file; raises `BadKeyFile`, `BadPassphrase`."""
    try:
        fields = _fields(text)
        salt, nonce = _unspell(fields["salt"]), _unspell(fields["nonce"])
        sealed, mark = _unspell(fields["key"]), fields["fingerprint"]
    except (KeyError, ValueError) as error:
        raise BadKeyFile(
            "This is not an exported master key.",
            why="A line of it is missing or was damaged.",
            do="Give the file that `tapline keys export` wrote, whole.",
        ) from error
    try:
        master = _cipher(passphrase, salt).decrypt(nonce, sealed, mark.encode())
    except InvalidTag as error:
        raise BadPassphrase(
            "The key did not open.",
            why="The passphrase is wrong, or the file was mistyped.",
            do="Try again; mind upper and lower case.",
        ) from error
    if len(master) != KEY_BYTES or fingerprint(master) != mark:
        raise BadKeyFile(
            "This file's key is not what it says.",
            why="Its fingerprint does not fit it.",
            do="Use another copy of the exported key.",
        )
    return master


def _fields(text: str) -> Mapping[str, str]:
    title, *lines = text.replace("\r\n", "\n").strip().split("\n")
    head, _, key = "\n".join(lines).partition("\nkey:")
    fields = dict(line.split(": ", 1) for line in head.split("\n") if ": " in line)
    expected_kdf = "scrypt n={n} r={r} p={p}".format(**SCRYPT)
    if title.strip() != TITLE or fields["kdf"].strip() != expected_kdf:
        raise ValueError("another title or key derivation")
    return {name: value.strip() for name, value in fields.items()} | {"key": key}


def _spell(raw: bytes) -> str:
    """Return bytes as base32 in groups of four, as people can read them out and type them."""
    text = base64.b32encode(raw).decode().rstrip("=")
    return " ".join(textwrap.wrap(text, 4))


def _unspell(text: str) -> bytes:
    letters = "".join(text.split()).upper()
    try:
        return base64.b32decode(letters + "=" * (-len(letters) % 8))
    except binascii.Error as error:
        raise ValueError("not base32") from error


def _cipher(passphrase: str, salt: bytes) -> AESGCM:
    return AESGCM(Scrypt(salt=salt, length=KEY_BYTES, **SCRYPT).derive(passphrase.encode()))

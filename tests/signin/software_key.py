"""A passkey made of software: what a browser and a device would answer, for tests."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from fido2.cose import ES256
from fido2.utils import websafe_decode, websafe_encode
from fido2.webauthn import (
    AttestationObject,
    AttestedCredentialData,
    AuthenticatorData,
    CollectedClientData,
)

ORIGIN = "https://tapline.example.com"
HOST = "tapline.example.com"
SEEN, VERIFIED, NEW = (
    AuthenticatorData.FLAG.UP,
    AuthenticatorData.FLAG.UV,
    AuthenticatorData.FLAG.AT,
)


@dataclass
class SoftwareKey:
    """One key for one account, bound to a host name as a device would bind it."""

    origin: str = ORIGIN
    host: str = HOST
    verifies: bool = True
    secret: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )
    id: bytes = field(default_factory=lambda: os.urandom(16))
    account: str = ""

    def create(self, options: dict[str, Any]) -> str:
        """Return the credential that a form would send for creation options."""
        key = options["publicKey"]
        self.account = key["user"]["id"]
        public = ES256.from_cryptography_key(self.secret.public_key())  # type: ignore[no-untyped-call]
        made = AttestedCredentialData.create(b"\0" * 16, self.id, public)
        data = AuthenticatorData.create(self._host_hash(), self._flags() | NEW, 0, made)
        client = self._client("webauthn.create", key["challenge"])
        attested = AttestationObject.create("none", data, {})
        return self._credential(
            {"clientDataJSON": client, "attestationObject": websafe_encode(bytes(attested))},
            {"credProps": {"rk": True}},
        )

    def get(self, options: dict[str, Any]) -> str:
        """Return the credential that a form would send for request options."""
        client = self._client("webauthn.get", options["publicKey"]["challenge"])
        data = bytes(AuthenticatorData.create(self._host_hash(), self._flags(), 1))
        signed = data + hashlib.sha256(websafe_decode(client)).digest()
        return self._credential(
            {
                "clientDataJSON": client,
                "authenticatorData": websafe_encode(data),
                "signature": websafe_encode(self.secret.sign(signed, ec.ECDSA(SHA256()))),
                "userHandle": self.account,
            },
            {},
        )

    def _flags(self) -> AuthenticatorData.FLAG:
        return SEEN | VERIFIED if self.verifies else SEEN

    def _host_hash(self) -> bytes:
        return hashlib.sha256(self.host.encode()).digest()

    def _client(self, kind: str, challenge: str) -> str:
        said = CollectedClientData.create(type=kind, origin=self.origin, challenge=challenge)
        return websafe_encode(bytes(said))

    def _credential(self, response: dict[str, Any], extensions: dict[str, Any]) -> str:
        key_id = websafe_encode(self.id)
        return json.dumps(
            {
                "type": "public-key",
                "id": key_id,
                "rawId": key_id,
                "response": response,
                "clientExtensionResults": extensions,
            }
        )

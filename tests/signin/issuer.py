"""A stand-in identity provider on loopback: discovery, keys, tokens, and any lie a test wants."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

CLIENT_ID, CLIENT_SECRET = "tapline", "a secret of the stand-in"
KEY_ID = "key 1"


@dataclass
class Issuer:
    """What it says about the one person who signs in there; tests change it."""

    claims: dict[str, Any] = field(default_factory=dict)
    info: dict[str, Any] = field(default_factory=dict)  # what /userinfo says besides
    calls_itself: str = ""  # empty: rightly
    algorithm: str = "RS256"
    signs_with: Any = None  # None: its own key
    key: rsa.RSAPrivateKey = field(default_factory=lambda: rsa.generate_private_key(65537, 2048))
    url: str = ""
    asked: dict[str, dict[str, str]] = field(default_factory=dict)  # code → what was asked

    def authorize(self, address: str) -> str:
        """Return where the browser is sent after its person agreed at `address`."""
        query = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        code = secrets.token_urlsafe(8)
        self.asked[code] = query
        back = urlencode({"code": code, "state": query["state"]})
        return f"{urlsplit(query['redirect_uri']).path}?{back}"

    def answer(self, path: str, form: dict[str, str]) -> tuple[int, Any]:
        """Return status and JSON of one request."""
        if path == "/.well-known/openid-configuration":
            return 200, self._configuration()
        if path == "/keys":
            return 200, {"keys": [self._public_key()]}
        if path == "/userinfo":
            return 200, {"sub": "person 1", **self.info}
        if path == "/token" and self._may_have(form):
            return 200, {"access_token": "a", "token_type": "Bearer", "id_token": self._token(form)}
        return 400, {"error": "invalid_grant"}

    def _configuration(self) -> dict[str, Any]:
        return {
            "issuer": self.calls_itself or self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "userinfo_endpoint": f"{self.url}/userinfo",
            "jwks_uri": f"{self.url}/keys",
            "token_endpoint_auth_methods_supported": ["client_secret_post"],
        }

    def _may_have(self, form: dict[str, str]) -> bool:
        """Say whether the code was given to whoever asks: its secret, and its proof (PKCE)."""
        query = self.asked.get(form.get("code", ""))
        proof = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(proof).rstrip(b"=").decode()
        return (
            query is not None
            and query["code_challenge_method"] == "S256"
            and query["code_challenge"] == challenge
            and form.get("client_secret") == CLIENT_SECRET
        )

    def _public_key(self) -> dict[str, Any]:
        public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key()))
        return {**public, "kid": KEY_ID, "use": "sig", "alg": "RS256"}

    def _token(self, form: dict[str, str]) -> str:
        now = int(time.time())
        claims = {
            "iss": self.url,
            "sub": "person 1",
            "aud": CLIENT_ID,
            "iat": now,
            "exp": now + 300,
            "nonce": self.asked[form["code"]].get("nonce"),
            "email": "ana@example.com",
            "email_verified": True,
        } | self.claims
        told = {name: value for name, value in claims.items() if value is not None}
        key: Any = None if self.algorithm == "none" else self.signs_with or self.key
        return jwt.encode(told, key, self.algorithm, headers={"kid": KEY_ID})


def serve(issuer: Issuer) -> ThreadingHTTPServer:
    """Let `issuer` answer on a free port of loopback; the caller shuts the server down."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._say(*issuer.answer(urlsplit(self.path).path, {}))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            form = {name: values[0] for name, values in parse_qs(body).items()}
            self._say(*issuer.answer(self.path, form))

        def _say(self, status: int, value: Any) -> None:
            body = json.dumps(value).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_args: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    issuer.url = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server

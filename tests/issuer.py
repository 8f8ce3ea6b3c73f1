"""An OpenID Connect issuer on this machine, for tests of tokens: publishes its keys by HTTP, signs what it is told."""

import json
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from joserfc import jwt
from joserfc.jwk import ECKey, Key, RSAKey


class Issuer:
    """Has one RSA key, "first", and any that are added. `asked` counts the requests for each path."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.keys: dict[str, Key] = {}
        self.published: list[dict[str, Any]] = []
        self.asked: Counter[str] = Counter()
        self.answers: dict[str, tuple[int, Any]] = {}
        """What is answered instead of the truth, by path: status and body."""
        self.add(RSAKey.import_key(_first_key(), {"kid": "first", "use": "sig"}))

    def add(self, key: Key) -> None:
        self.keys[key.kid] = key
        self.published.append(key.as_dict(private=False))

    def withdraw(self, kid: str) -> None:
        self.published[:] = [each for each in self.published if each["kid"] != kid]

    def claims(self, **changed: Any) -> dict[str, Any]:
        """A resident's claims, good for five minutes; a claim changed to None is left out."""
        now = int(time.time())
        good = {"iss": self.url, "sub": "kari", "aud": "torg", "iat": now, "exp": now + 300}
        return {name: value for name, value in (good | changed).items() if value is not None}

    def token(self, kid: str = "first", algorithm: str = "RS256", typ: Any = None, **changed: Any) -> str:
        header = {"alg": algorithm, "kid": kid} | ({} if typ is None else {"typ": typ})
        return jwt.encode(header, self.claims(**changed), self.keys[kid], algorithms=[algorithm])

    def answer(self, path: str) -> tuple[int, Any]:
        self.asked[path] += 1
        truth = {
            "/.well-known/openid-configuration": {"issuer": self.url, "jwks_uri": f"{self.url}/keys"},
            "/keys": {"keys": self.published},
        }
        return self.answers.get(path) or (200, truth[path])


class Watch:
    """A stopwatch that is moved by hand."""

    def __init__(self) -> None:
        self.now = 5.0  # a machine that has just started

    def __call__(self) -> float:
        return self.now


@contextmanager
def issuer() -> Iterator[Issuer]:
    """An issuer that answers on a free port until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = run.answer(self.path)
            content = body if isinstance(body, bytes) else json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    run = Issuer(f"http://127.0.0.1:{server.server_port}")
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    try:
        yield run
    finally:
        server.shutdown()
        server.server_close()


@cache
def _first_key() -> bytes:
    """Making a key takes a while; one is enough for all the issuers of a test run."""
    return RSAKey.generate_key(2048).as_pem(private=True)


def elliptic_key(kid: str) -> ECKey:
    return ECKey.generate_key("P-256", {"kid": kid, "use": "sig"})

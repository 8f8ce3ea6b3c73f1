"""The codes (PINs) of keys: drawn by chance, kept encrypted so that their owner can be shown them, and known to locks
by a keyed digest only. The api and the worker make one `Codes` from the setting; model and events never see a code."""

import base64
import os
import secrets
from functools import lru_cache
from hmac import digest
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from kernel.settings import Settings, SettingsError

DIGITS = 6
_NONCE_BYTES = 12


def draw() -> str:
    """A code of six digits; each of the million is as likely."""
    return f"{secrets.randbelow(10**DIGITS):0{DIGITS}}"


class Codes:
    """Seals, opens and digests codes under one secret of 32 bytes, from which each use has a key of its own."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret
        self._cipher = AESGCM(self._derived(b"torg access: sealed codes"))

    def seal(self, key: UUID, code: str) -> bytes:
        """The code encrypted (AES-256-GCM), bound to the key it is for, so that it can't be passed off as another's."""
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, code.encode(), key.bytes)

    def unseal(self, key: UUID, sealed: bytes) -> str:
        """The code again. Raises cryptography.exceptions.InvalidTag when it was altered or is another key's."""
        return self._cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], key.bytes).decode()

    def digest(self, lock: UUID, code: str) -> bytes:
        """What the lock holds instead of the code: HMAC-SHA-256 under a secret of that lock. A bare hash of six digits
        would be undone in a second."""
        return digest(self._derived(b"torg access: lock " + lock.bytes), code.encode(), "sha256")

    def _derived(self, purpose: bytes) -> bytes:
        return HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose).derive(self._secret)


def codes_from(settings: Settings) -> Codes:
    """The `Codes` of the settings; SettingsError when the key is not set."""
    if not settings.access_code_key:
        raise SettingsError("TORG_ACCESS_CODE_KEY: is not set")
    return _codes_under(settings.access_code_key)


@lru_cache(maxsize=4)
def _codes_under(key: str) -> Codes:
    return Codes(base64.urlsafe_b64decode(key))

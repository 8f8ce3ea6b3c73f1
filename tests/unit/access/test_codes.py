"""Codes: drawn evenly, sealed for their own key, known to each lock by a digest, under a key that must be set."""

import base64
import re
from collections import Counter

import pytest
from cryptography.exceptions import InvalidTag

from kernel.ids import new_id
from kernel.settings import Settings, SettingsError, load
from services.access.codes import Codes, codes_from, draw

CODES = Codes(bytes(32))
OTHERS = Codes(b"\1" * 32)


def test_a_code_is_six_digits_and_the_first_may_be_zero() -> None:
    drawn = [draw() for _ in range(2000)]
    assert all(re.fullmatch(r"[0-9]{6}", code) for code in drawn)
    firsts = Counter(code[0] for code in drawn)
    assert set(firsts) == set("0123456789")


def test_a_sealed_code_can_be_shown_again() -> None:
    key = new_id()
    assert CODES.unseal(key, CODES.seal(key, "048213")) == "048213"


def test_a_code_sealed_twice_looks_different_and_hides_it() -> None:
    key = new_id()
    first, second = CODES.seal(key, "048213"), CODES.seal(key, "048213")
    assert first != second
    assert b"048213" not in first


def test_a_sealed_code_is_of_no_use_for_another_key() -> None:
    sealed = CODES.seal(new_id(), "048213")
    with pytest.raises(InvalidTag):
        CODES.unseal(new_id(), sealed)


def test_a_sealed_code_is_of_no_use_under_another_secret() -> None:
    key = new_id()
    with pytest.raises(InvalidTag):
        OTHERS.unseal(key, CODES.seal(key, "048213"))


def test_an_altered_sealed_code_is_refused() -> None:
    key = new_id()
    sealed = bytearray(CODES.seal(key, "048213"))
    sealed[-1] ^= 1
    with pytest.raises(InvalidTag):
        CODES.unseal(key, bytes(sealed))


def test_a_digest_is_of_one_code_one_lock_and_one_secret() -> None:
    lock = new_id()
    digest = CODES.digest(lock, "048213")
    assert digest == CODES.digest(lock, "048213")
    assert digest not in (CODES.digest(lock, "048214"), CODES.digest(new_id(), "048213"), OTHERS.digest(lock, "048213"))


def key_of(length: int) -> str:
    return base64.urlsafe_b64encode(bytes(length)).decode()


def test_the_key_comes_from_the_settings() -> None:
    settings = load(Settings, {"TORG_ACCESS_CODE_KEY": key_of(32)})
    lock = new_id()
    assert codes_from(settings).digest(lock, "048213") == CODES.digest(lock, "048213")


@pytest.mark.parametrize("wrong", [key_of(31), key_of(33), "not base64!", "abc"])
def test_a_key_of_another_length_is_refused_at_start(wrong: str) -> None:
    with pytest.raises(SettingsError, match="TORG_ACCESS_CODE_KEY: must be URL-safe base64 of 32 bytes"):
        load(Settings, {"TORG_ACCESS_CODE_KEY": wrong})


def test_without_a_key_access_does_not_start() -> None:
    with pytest.raises(SettingsError, match="TORG_ACCESS_CODE_KEY: is not set"):
        codes_from(load(Settings, {}))

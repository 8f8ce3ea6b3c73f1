"""Bad input to every route that takes a body, a query or a header of ours: what is wrong with its form.

Always a documented problem in the 400s, never a 500, and nothing changed. What is wrong with its meaning is in
`test_bad_input_meaning`, what a machine makes up in `test_bad_input_generated`.
"""

import base64
import json
from typing import Any

import pytest

from kernel.http.validation import BODY_LIMIT
from tests.contract.bad_input import (
    BODIES,
    CHANGES,
    OF_A_THING,
    PAGED,
    POSTS,
    READS,
    Sending,
    at,
    changed,
    leaves,
    objects,
)
from tests.contract.routes import plain

NOT_JSON = {
    "half an object": b'{"space":',
    "no UTF-8": b'{"space":"\xff"}',
    "not a number": b'{"area":NaN}',
    "a number of 5000 digits": b'{"capacity":1' + b"0" * 5000 + b"}",
    "10 000 brackets": b"[" * 10_000 + b"]" * 10_000,
    "10 000 objects": b'{"spaces":' * 10_000 + b"1" + b"}" * 10_000,
    "200 brackets": b"[" * 200 + b"]" * 200,
    "two bodies": b"{}{}",
}
NOT_AN_OBJECT = {"a list": b"[]", "a text": b'"x"', "a number": b"7", "null": b"null", "true": b"true", "nothing": b""}
ABSURD: dict[str, Any] = {
    "an object": {"surprise": 1},
    "a list of lists": [[[]]],
    "NUL": "a\0b",
    "half a surrogate pair": "a\ud800b",
    "a text of 100 000": "x" * 100_000,
    "no text": "",
    "a huge number": 10**30,
    "a huge negative number": -(10**30),
    "an infinite number": 1e400,
}


@pytest.mark.parametrize("body", NOT_JSON.values(), ids=NOT_JSON)
@pytest.mark.parametrize(("service", "route"), BODIES)
def test_what_is_not_json(sending: Sending, service: str, route: str, body: bytes) -> None:
    sender = sending(service, route)
    with sender.nothing_changed():
        assert sender.refused(body) == "malformed_json"


@pytest.mark.parametrize(("service", "route"), BODIES)
def test_what_is_not_an_object(sending: Sending, service: str, route: str) -> None:
    sender = sending(service, route)
    with sender.nothing_changed():
        assert {name: sender.refused(body) for name, body in NOT_AN_OBJECT.items()} == dict.fromkeys(
            NOT_AN_OBJECT, "invalid_request"
        )


@pytest.mark.parametrize(("service", "route"), BODIES)
def test_a_body_of_another_type(sending: Sending, service: str, route: str) -> None:
    sender = sending(service, route)
    kinds = [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/xml",
        "",
    ]
    with sender.nothing_changed():
        assert {kind: sender.refused(Content_Type=kind) for kind in kinds} == dict.fromkeys(
            kinds, "unsupported_media_type"
        )


@pytest.mark.parametrize(("service", "route"), BODIES)
def test_a_body_above_the_limit(sending: Sending, service: str, route: str) -> None:
    sender = sending(service, route)
    with sender.nothing_changed():
        assert sender.refused(json.dumps(sender.good.body).encode().ljust(BODY_LIMIT + 1)) == "body_too_large"


@pytest.mark.parametrize(("service", "route"), BODIES)
def test_an_unknown_field_anywhere(sending: Sending, service: str, route: str) -> None:
    sender = sending(service, route)
    good = sender.good.body
    with sender.nothing_changed():
        for path in objects(good):
            assert sender.refused(changed(good, path, at(good, path) | {"surprise": 1})) == "invalid_request", path


@pytest.mark.parametrize(("service", "route"), BODIES)
def test_nothing_that_is_asked_for(sending: Sending, service: str, route: str) -> None:
    sender = sending(service, route)
    with sender.nothing_changed():
        assert sender.refused(b"{}") == "invalid_request"


@pytest.mark.parametrize("value", ABSURD.values(), ids=ABSURD)
@pytest.mark.parametrize(("service", "route"), BODIES)
def test_an_absurd_value_anywhere(sending: Sending, service: str, route: str, value: Any) -> None:
    sender = sending(service, route)
    good = sender.good.body
    with sender.nothing_changed():
        for path, _ in leaves(good):
            sender.refused(changed(good, path, value))


@pytest.mark.parametrize(("service", "route"), BODIES)
def test_a_name_that_cannot_be_stored(sending: Sending, service: str, route: str) -> None:
    sender = sending(service, route)
    good = sender.good.body
    with sender.nothing_changed():
        for path in objects(good):
            inner = dict(at(good, path))
            name, value = inner.popitem()
            for odd in ("\0", "\udfff"):
                sender.refused(changed(good, path, inner | {name + odd: value}))


BLANK = ["  ", "\u00a0", "\u200b\u2060", "\u3164\u00ad"]
ODD = ["\x07", "\x1b", "\x9f", "\u202e", "\u2066"]


@pytest.mark.parametrize(("service", "route"), BODIES)
def test_a_text_of_which_nothing_is_seen(sending: Sending, service: str, route: str) -> None:
    """No text in any body may be blank: what is said in a language, a reason, a title, a name for somebody."""
    sender = sending(service, route)
    good = sender.good.body
    with sender.nothing_changed():
        for path, value in leaves(good):
            for blank in BLANK if isinstance(value, str) else ():
                sender.refused(changed(good, path, blank))


@pytest.mark.parametrize(("service", "route"), BODIES)
def test_a_text_with_controls_or_in_another_order(sending: Sending, service: str, route: str) -> None:
    sender = sending(service, route)
    good = sender.good.body
    with sender.nothing_changed():
        for path, value in leaves(good):
            for odd in ODD if isinstance(value, str) else ():
                sender.refused(changed(good, path, f"{value[:1]}{odd}{value[1:]}"))


# Headers


@pytest.mark.parametrize(("service", "route"), POSTS)
def test_an_idempotency_key_that_is_none(sending: Sending, service: str, route: str) -> None:
    sender = sending(service, route)
    keys = ["two words", "x" * 256, "blåbær", "\x7f"]
    with sender.nothing_changed():
        for key in keys:
            assert sender.refused(Idempotency_Key=key) == "invalid_idempotency_key"


@pytest.mark.parametrize(("service", "route"), CHANGES)
def test_a_change_of_what_one_has_not_seen(sending: Sending, service: str, route: str) -> None:
    sender = sending(service, route)
    expected = {
        "": "precondition_required",
        "3": "invalid_if_match",
        '"3': "invalid_if_match",
        "\x7f": "invalid_if_match",
        '"999"': "stale_version",
        '"01", "02", "03", "04", "+1", "+2", "0_1"': "stale_version",
        '"-1", "x", "' + "9" * 40 + '"': "stale_version",
        'W/"1"': "stale_version",
    }
    with sender.nothing_changed():
        assert {header: sender.refused(If_Match=header) for header in expected} == expected


@pytest.mark.parametrize(("service", "route"), BODIES + CHANGES)
def test_a_token_that_is_none(sending: Sending, untrusted: str, service: str, route: str) -> None:
    sender = sending(service, route)
    expired = sender.municipality.issuer.token(sub=sender.asks.person, exp=1_700_000_000)
    expected = {
        "": "missing_token",
        f"Bearer {expired}": "expired_token",
        f"Bearer {untrusted}": "invalid_token",
        f"Basic {sender.bearer}": "invalid_token",
        f"Bearer {sender.bearer[:-8]}": "invalid_token",
        "Bearer": "invalid_token",
        "Bearer blåbær": "invalid_token",
        "Bearer " + "a.b.c" * 4000: "invalid_token",
    }
    with sender.nothing_changed():
        assert {header: sender.refused(Authorization=header) for header in expected} == expected


# Queries and paths


FRACTIONS = {"area", "prices"}
"""The numbers in bodies that need not be whole, or may be texts."""
ABSURD_IN_QUERIES = [
    "",
    "%00",
    "%FF",
    "%ED%A0%80",
    "x" * 5000,
    "1" + "0" * 400,
    "-1",
    "1e400",
    "[]",
    "0001-01-01",
    "9999-12-31",
    "0001-01-01T00:00:00%2B14:00",
    "9999-12-31T23:59:59-14:00",
    "%D9%A1",  # an Arabic 1
]


def queried(path: str, **asked: str) -> str:
    return path + ("&" if "?" in path else "?") + "&".join(f"{name}={value}" for name, value in asked.items())


@pytest.mark.parametrize(("service", "route"), READS)
def test_an_absurd_query(sending: Sending, service: str, route: str) -> None:
    """Texts that may be anything are looked for, and found nowhere; all else is refused."""
    sender = sending(service, route)
    for name in (each["name"] for each in sender.parameters):
        for value in ABSURD_IN_QUERIES:
            answer = sender.send(path=queried(sender.good.path.partition("?")[0], **{name: value}))
            assert answer.status_code == 200 or sender.code_of(answer)


NUMBERS_OF_OTHERS = ["%2B5", "05", "%205", "5%20", "5_0", "5.0", "%D9%A5", "%EF%BC%95", "0x5", "-0", "5e0"]
"""What Python's int reads, or nearly: a sign, zeros, spaces, an underscore, an Arabic and a full-width digit."""


@pytest.mark.parametrize(("service", "route"), READS)
def test_a_number_that_is_written_another_way(sending: Sending, service: str, route: str) -> None:
    sender = sending(service, route)
    for each in sender.parameters:
        for value in NUMBERS_OF_OTHERS if "integer" in each["schema"].get("type", ()) else ():
            asked = queried(sender.good.path.partition("?")[0], **{each["name"]: value})
            assert sender.refused(path=asked) == "invalid_request", (each["name"], value)


@pytest.mark.parametrize(("service", "route"), BODIES)
def test_a_number_that_is_a_text_or_no_whole_one(sending: Sending, service: str, route: str) -> None:
    sender = sending(service, route)
    good = sender.good.body
    with sender.nothing_changed():
        for path, value in leaves(good):
            if type(value) is int and not FRACTIONS.intersection(path):
                for other in (str(value), f" {value}", value + 0.5, True):
                    sender.refused(changed(good, path, other))


@pytest.mark.parametrize(("service", "route"), READS)
def test_an_unknown_parameter(sending: Sending, service: str, route: str) -> None:
    sender = sending(service, route)
    if sender.parameters:
        assert sender.refused(path=queried(sender.good.path, surprise="1")) == "invalid_request"
    assert sender.refused(path=queried(sender.good.path, surprise="%00")) == "bad_request"


@pytest.mark.parametrize(("service", "route"), PAGED)
def test_a_page_that_cannot_be(sending: Sending, service: str, route: str) -> None:
    sender = sending(service, route)
    schemas = {each["name"]: each["schema"] for each in sender.parameters}
    most = schemas["limit"]["maximum"]
    for limit in ("0", str(most + 1), "-1", "x", "1.5", "1" + "0" * 400):
        assert sender.refused(path=queried(sender.good.path, limit=limit)) == "invalid_request"
    for cursor in cursors():
        assert sender.refused(path=queried(sender.good.path, cursor=cursor)) == "invalid_cursor", cursor
    assert sender.refused(path=queried(sender.good.path, cursor="x" * 1001)) == "invalid_request"


MOVING = {
    "GET /bookings",
    "GET /desk",
    "GET /arenas/{arena}/opening/clashes",
    "GET /availability",
    "GET /availability/recurring",
    "GET /keys",
    "GET /activities",
}
"""The lists in the order of what can change."""


@pytest.mark.parametrize(("service", "route"), PAGED)
def test_a_list_in_the_order_of_what_can_change_says_so(sending: Sending, service: str, route: str) -> None:
    answer = sending(service, route).send().get_json()
    assert answer.get("order_may_change", False) is (plain(route) in MOVING)


@pytest.mark.parametrize(("service", "route"), PAGED)
def test_a_cursor_of_another_list(sending: Sending, service: str, route: str) -> None:
    """Wherever a list has a second page, its cursor goes on there, and is refused by the lists beside it."""
    sender = sending(service, route)
    cursor = sender.send(path=queried(sender.good.path, limit="1")).get_json()["next_cursor"]
    if cursor is None:
        return
    assert sender.send(path=queried(sender.good.path, limit="2", cursor=cursor)).status_code == 200
    own = PAGED.index((service, route))
    for name, each in (PAGED[own - 1], PAGED[(own + 1) % len(PAGED)]):
        other = sending(name, each)
        assert other.refused(path=queried(other.good.path, cursor=cursor)) == "invalid_cursor", each


def cursors() -> list[str]:
    """Made by no list of ours: no JSON, or positions of values that no row has."""
    odd: list[Any] = [[], {}, None, 7, [None], [{}], ["a\0"], ["\ud800"], [10**30], ["9" * 300, "x"], [[[]]], [1] * 9]
    written = [base64.urlsafe_b64encode(json.dumps(each).encode()).rstrip(b"=").decode() for each in odd]
    deep = base64.urlsafe_b64encode(b"[" * 700).decode()
    return ["x", "%20", "%C3%A5", "====", deep, *written]


ODD_IDS = ["not-a-uuid", "%00", "..%2F..", "%ED%A0%80", "x" * 5000, "00000000-0000-0000-0000-000000000000", "'; --"]


@pytest.mark.parametrize(("service", "route"), OF_A_THING)
def test_a_thing_that_is_not_there(sending: Sending, service: str, route: str) -> None:
    sender = sending(service, route)
    begin, _, rest = f"/api/{service}{route.partition(' ')[2]}".partition("{")
    with sender.nothing_changed():
        for odd in ODD_IDS:
            sender.refused(path=begin + odd + rest.partition("}")[2])

"""What is made of each answer that the registers can give, and of none: over real HTTP, to a stand-in here."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest

from cli.servers.ports import free_port
from services.booking.model.registers import Answer, Unit, UnitState, person_digest
from services.booking.registers import NoAnswer, NoSense, Registers
from tests.registers import (
    BAND,
    BAND_UNLISTED,
    CAFE,
    TOWN,
    TOWN_OFFICE,
    UNITS,
    VOLUNTARY,
    StandIn,
    having,
    holder,
    registers,
    roles,
    unit,
)
from tests.registers import voluntary as listed

NOBODY = "999999999"


@pytest.fixture
def there() -> Iterator[StandIn]:
    with registers() as there:
        yield there


@pytest.fixture
def client(there: StandIn) -> Iterator[Registers]:
    client = Registers(there.url + "/", seconds=10.0)
    yield client
    client.close()


def test_an_organisation_that_is_in_both(client: Registers, there: StandIn) -> None:
    answer = client.ask(BAND)

    assert answer.unit == Unit(state="active", name=f"ORGANISASJON {BAND}", form="FLI", voluntary=True)
    assert answer.voluntary is True
    assert there.asked == {UNITS + BAND: 1, VOLUNTARY + BAND: 1}


@pytest.mark.parametrize("number", [BAND_UNLISTED, CAFE])
def test_the_second_is_asked_only_when_the_first_says_so(client: Registers, there: StandIn, number: str) -> None:
    assert client.ask(number).voluntary is None
    assert there.asked == {UNITS + number: 1}


def test_who_acts_for_it(client: Registers, there: StandIn) -> None:
    assert client.holders(BAND) == [("KARI NORDMANN", "1984-05-17")]
    assert there.asked == {f"{UNITS}{BAND}/roller": 1}


OLA = holder("OLA", "NORDMANN", "1980-01-01")


@pytest.mark.parametrize(
    "told",
    [
        roles("OLA", "NORDMANN", "1980-01-01", "REVI"),
        roles("OLA", "NORDMANN", "1980-01-01", left=True),
        having(OLA | {"avregistrert": False, "fratraadt": True}),
        having(OLA | {"person": OLA["person"] | {"erDoed": True}}),
        {"rollegrupper": []},
    ],
)
def test_who_does_not(client: Registers, there: StandIn, told: Any) -> None:
    there.roles[BAND] = told
    assert client.holders(BAND) == []


def test_an_older_answer_says_with_another_word_that_a_role_has_not_ended(client: Registers, there: StandIn) -> None:
    there.roles[BAND] = having(
        {name: told for name, told in OLA.items() if name != "avregistrert"} | {"fratraadt": False}
    )
    assert client.holders(BAND) == [("OLA NORDMANN", "1980-01-01")]


@pytest.mark.parametrize("wrong", [{}, {"avregistrert": None}, {"avregistrert": "nei"}, {"fratraadt": 0}])
def test_a_role_that_does_not_say_whether_it_has_ended_makes_no_sense(
    client: Registers, there: StandIn, wrong: dict[str, Any]
) -> None:
    there.roles[BAND] = having({name: told for name, told in OLA.items() if name != "avregistrert"} | wrong)
    with pytest.raises(NoSense):
        client.holders(BAND)


@pytest.mark.parametrize(
    "person",
    [
        None,
        {"navn": {"fornavn": "KARI", "etternavn": "NORDMANN"}, "erDoed": False},
        {"navn": {"fornavn": "KARI", "etternavn": "NORDMANN"}, "fodselsdato": None},
        {"navn": {"fornavn": "KARI", "etternavn": "NORDMANN"}, "fodselsdato": ""},
        {"fodselsdato": "1984-05-17", "erDoed": False},
        {"navn": None, "fodselsdato": "1984-05-17"},
        {"navn": {"fornavn": " ", "etternavn": None}, "fodselsdato": "1984-05-17"},
    ],
)
def test_a_holder_who_is_not_told_in_full_hides_nobody_else(
    client: Registers, there: StandIn, person: dict[str, Any] | None
) -> None:
    there.roles[BAND] = having(OLA | {"person": person}, OLA)
    assert client.holders(BAND) == [("OLA NORDMANN", "1980-01-01")]


def test_a_middle_name_is_one_of_the_names(client: Registers, there: StandIn) -> None:
    names = {"fornavn": "KARI", "mellomnavn": "VARS", "etternavn": "SARA"}
    there.roles[BAND] = having(OLA | {"person": OLA["person"] | {"navn": names}})
    assert client.holders(BAND) == [("KARI VARS SARA", "1980-01-01")]


def test_a_number_nobody_has_has_nobody(client: Registers) -> None:
    assert client.holders(NOBODY) == []


@pytest.mark.parametrize(
    "body", [b"<html>", b"[]", b"{}", b'{"rollegrupper": [{"roller": [{}]}]}', b'{"rollegrupper": 1}']
)
def test_roles_of_another_shape_make_no_sense(client: Registers, there: StandIn, body: bytes) -> None:
    there.instead[f"{UNITS}{BAND}/roller"] = (200, body)
    with pytest.raises(NoSense):
        client.holders(BAND)


def test_names_are_the_same_in_any_order_and_case_and_each_claim_has_its_own_digest() -> None:
    key, claim = b"key", UUID(int=1)
    kari = person_digest(key, claim, "Kari Nordmann", "1984-05-17")
    assert person_digest(key, claim, "NORDMANN  kari", "1984-05-17") == kari
    assert person_digest(key, claim, "Nordmann,\u00a0Kari", "1984-05-17") == kari
    others = [
        person_digest(key, claim, "Kari Nordmann", "1984-05-18"),
        person_digest(key, claim, "Kari Nordheim", "1984-05-17"),
        person_digest(key, UUID(int=2), "Kari Nordmann", "1984-05-17"),
        person_digest(b"other", claim, "Kari Nordmann", "1984-05-17"),
    ]
    assert kari not in others


@pytest.mark.parametrize(
    ("token", "register"),
    [
        ("Anne-Marie Lie", "ANNE MARIE LIE"),
        ("Anne\u2011Marie Lie", "ANNE-MARIE LIE"),
        ("Siri O\u2019Brien", "SIRI O'BRIEN"),
        ("\u00c1ile \u010c\u00e1ppa", "A\u0301ILE C\u030cA\u0301PPA"),
        ("A\u030ase \u00d8deg\u00e5rd", "\u00c5SE \u00d8DEG\u00c5RD"),
        ("Eli\u0161 \u014aelddoj\u00e1vri", "ELI\u0160 \u014aELDDOJ\u00c1VRI"),
    ],
)
def test_names_are_the_same_however_they_are_typed(token: str, register: str) -> None:
    key, claim = b"key", UUID(int=1)
    assert person_digest(key, claim, token, "1984-05-17") == person_digest(key, claim, register, "1984-05-17")
    assert person_digest(key, claim, token, "1984-05-17") != person_digest(key, claim, register[:-1], "1984-05-17")


def test_what_it_is_a_part_of(client: Registers) -> None:
    assert client.ask(TOWN_OFFICE).unit.part_of == TOWN


@pytest.mark.parametrize(
    ("status", "body", "state"),
    [
        (404, {"status": 404}, "unknown"),
        (404, b"", "unknown"),
        (410, {"organisasjonsnummer": BAND, "slettedato": "2026-09-21"}, "deleted"),
        (410, b"", "deleted"),
        (200, {"organisasjonsnummer": BAND, "navn": "X", "slettedato": "2026-09-21"}, "deleted"),
        (200, unit(BAND, "AS", konkurs=True), "bankrupt"),
        (200, {"organisasjonsnummer": BAND}, "active"),
    ],
)
def test_what_is_no_more_or_never_was(
    client: Registers, there: StandIn, status: int, body: Any, state: UnitState
) -> None:
    there.instead[UNITS + BAND] = (status, body)
    assert client.ask(BAND).unit.state == state
    assert there.asked == {UNITS + BAND: 1}


@pytest.mark.parametrize(
    ("status", "body"),
    [(404, b""), (410, b""), (200, listed(BAND, "frivilligOrganisasjonsstatus.slettet")), (200, listed(BAND, ""))],
)
def test_who_is_not_in_the_voluntary_register(client: Registers, there: StandIn, status: int, body: Any) -> None:
    there.instead[VOLUNTARY + BAND] = (status, body)
    assert client.ask(BAND).voluntary is False


@pytest.mark.parametrize("path", [UNITS + BAND, VOLUNTARY + BAND])
@pytest.mark.parametrize(
    ("status", "body"),
    [
        (500, b"oops"),
        (400, {"feilmelding": "x"}),
        (200, b""),
        (200, b"<html>"),
        (200, b"\xff"),
        (200, b"[" * 100_000),
        (200, []),
        (200, None),
        (200, {"navn": "X"}),
        (200, {"organisasjonsnummer": 974760673}),
        (200, unit(NOBODY, "AS")),
        (200, b'{"organisasjonsnummer":"' + BAND.encode() + b'","x":"' + b"x" * (1 << 20) + b'"}'),
        (304, b""),
    ],
)
def test_what_makes_no_sense(client: Registers, there: StandIn, path: str, status: int, body: Any) -> None:
    there.instead[path] = (status, body)
    with pytest.raises(NoSense):
        client.ask(BAND)


@pytest.mark.parametrize(
    "wrong",
    [{"konkurs": "nei"}, {"navn": 7}, {"navn": "a\0b"}, {"registrertIFrivillighetsregisteret": None}],
)
def test_a_field_of_another_kind_makes_no_sense(client: Registers, there: StandIn, wrong: dict[str, Any]) -> None:
    there.units[BAND] |= wrong
    with pytest.raises(NoSense):
        client.ask(BAND)


@pytest.mark.parametrize("path", [UNITS + BAND, VOLUNTARY + BAND])
@pytest.mark.parametrize("status", [301, 302, 307, 308, 401, 403, 407, 429, 502, 503, 504])
def test_registers_that_want_to_be_left_alone(client: Registers, there: StandIn, path: str, status: int) -> None:
    there.instead[path] = (status, b"")
    with pytest.raises(NoAnswer):
        client.ask(BAND)


def test_registers_that_are_down() -> None:
    with pytest.raises(NoAnswer):
        Registers(f"http://127.0.0.1:{free_port()}", seconds=5.0).ask(BAND)


def test_registers_that_are_slow_are_not_waited_for(there: StandIn) -> None:
    there.doze()
    with pytest.raises(NoAnswer):
        Registers(there.url, seconds=0.2).ask(BAND)


def test_what_is_known_is_not_sent_again(client: Registers, there: StandIn) -> None:
    first = client.ask(BAND)
    there.headers.clear()

    assert client.ask(BAND, first) == first
    assert [each.get("If-None-Match") for each in there.headers] == [first.unit_tag, first.voluntary_tag]


def test_what_changed_is_sent(client: Registers, there: StandIn) -> None:
    first = client.ask(BAND)
    there.voluntary[BAND] = listed(BAND, "frivilligOrganisasjonsstatus.slettet")

    again = client.ask(BAND, first)

    assert (again.unit, again.unit_tag) == (first.unit, first.unit_tag)
    assert again.voluntary is False
    assert again.voluntary_tag != first.voluntary_tag


def test_registers_without_tags_are_asked_all_the_same(client: Registers, there: StandIn) -> None:
    there.tags = False
    first = client.ask(BAND)

    assert (first.unit_tag, first.voluntary_tag) == (None, None)
    assert client.ask(BAND, first) == first


def test_nothing_new_about_what_we_never_knew_makes_no_sense(client: Registers, there: StandIn) -> None:
    there.instead[UNITS + BAND] = (304, b"")
    with pytest.raises(NoSense):
        client.ask(BAND, Answer(unit=Unit(state="active")))

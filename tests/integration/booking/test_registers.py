"""The worker's errand to the registers, on a real database and over real HTTP: what it decides, when it asks again,
what it does when the registers fail, and that nobody waits for them."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from cli.paths import ROOT
from cli.servers.ports import free_port
from kernel.db import Database
from services.booking.events import ActorVerified
from services.booking.model.actors import Organisation
from services.booking.model.registers import FRESH, FRESH_UNKNOWN, LEASE, Answer, Unit
from services.booking.registers import Registers
from services.booking.registers.errand import ask_due
from services.booking.store import actors as store
from services.booking.store import lookups as lookup_store
from services.booking.store.lookups import Lookup, organisation_lookups
from services.booking.usecases import actors, lookups
from tests.at_once import at_once
from tests.callers import MANAGER, OPERATOR, RESIDENT
from tests.registers import BAND, BAND_UNLISTED, CAFE, OTHER_TOWN, TOWN, TOWN_OFFICE, UNITS, StandIn, registers
from tests.waiting import eventually

KARI = replace(RESIDENT, named=("Kari Nordmann", "1984-05-17"))
MICROSECOND = timedelta(microseconds=1)
MINUTE = timedelta(minutes=1)
VOLUNTARY_ANSWER = Answer(unit=Unit(state="active", form="FLI", voluntary=True), voluntary=True)


@pytest.fixture
def there() -> Iterator[StandIn]:
    with registers() as there:
        yield there


@pytest.fixture
def client(there: StandIn) -> Iterator[Registers]:
    client = Registers(there.url, seconds=60.0)
    yield client
    client.close()


@pytest.fixture
def ask(counter: Any, client: Registers) -> Callable[[], None]:
    """One errand."""
    return lambda: ask_due(counter.database, client, [TOWN])


def registered(counter: Any, number: str = BAND, kind: str = "voluntary", who: Any = RESIDENT) -> UUID:
    made: Organisation = counter.run(actors.register, who, kind=kind, name="Korpset", organisation_number=number)
    return made.id


def found(counter: Any, actor: UUID) -> Organisation:
    organisation: Organisation | None = counter.run(store.find, actor)
    assert organisation is not None
    return organisation


def lookup(counter: Any, number: str = BAND) -> Lookup:
    known: Lookup | None = counter.run(lookup_store.find, number)
    assert known is not None
    return known


@pytest.mark.parametrize(
    ("number", "told", "kind", "by"),
    [
        (BAND, "business", "voluntary", "registers"),
        (CAFE, "voluntary", "business", "registers"),
        (TOWN_OFFICE, "voluntary", "municipal", "registers"),
        (TOWN, "voluntary", "municipal", "registers"),
        (BAND_UNLISTED, "voluntary", "business", None),
        (OTHER_TOWN, "municipal", "business", None),
        ("999999999", "voluntary", "business", None),
    ],
)
def test_what_the_registers_make_of_an_organisation(
    counter: Any, ask: Any, number: str, told: str, kind: str, by: str | None
) -> None:
    actor = registered(counter, number, told)
    assert found(counter, actor).kind == "business"

    ask()

    organisation = found(counter, actor)
    assert (organisation.kind, organisation.decision and organisation.decision.by) == (kind, by)


def test_what_was_decided_is_told_once(counter: Any, ask: Any) -> None:
    actor = registered(counter)
    ask()
    counter.clock.move(FRESH)
    ask()

    told = counter.told(ActorVerified)
    assert [(each.data.actor, each.data.kind, each.data.verified_by, each.sequence) for each in told] == [
        (actor, "voluntary", "registers", 2)
    ]


def test_bookings_carry_what_was_verified(counter: Any, ask: Any) -> None:
    band = registered(counter)
    before = counter.hold("room", tenant=band)
    ask()
    after = counter.hold("room", 8, tenant=band)

    assert [each.tenant.kind for each in (before, after)] == ["business", "voluntary"]
    assert [each.data.tenant.kind for each in counter.told() if hasattr(each.data, "tenant")] == [
        "business",
        "voluntary",
    ]


@pytest.mark.parametrize("who", [MANAGER, OPERATOR])
def test_what_a_person_decided_stands(counter: Any, ask: Any, there: StandIn, who: Any) -> None:
    band = registered(counter, CAFE)
    counter.run(actors.verify, who, band, kind="voluntary", reason="Vedtektene")
    ask()

    assert found(counter, band).kind == "voluntary"
    assert lookup(counter, CAFE).answer is not None
    assert there.asked == {UNITS + CAFE: 1}


def test_what_is_deleted_later_is_verified_no_more(counter: Any, ask: Any, there: StandIn) -> None:
    band = registered(counter)
    ask()
    there.units[BAND]["slettedato"] = "2026-12-01"
    counter.clock.move(FRESH)
    ask()

    assert found(counter, band).kind == "business"
    assert [each.data.verified_by for each in counter.told(ActorVerified)] == ["registers", None]


# When


@pytest.mark.parametrize(("number", "fresh"), [(BAND, FRESH), ("999999999", FRESH_UNKNOWN)])
def test_an_answer_is_kept_until_it_is_old(
    counter: Any, ask: Any, there: StandIn, number: str, fresh: timedelta
) -> None:
    registered(counter, number)
    ask()
    ask()
    counter.clock.move(fresh - MICROSECOND)
    ask()
    assert there.asked[UNITS + number] == 1

    counter.clock.move(MICROSECOND)
    ask()
    assert there.asked[UNITS + number] == 2


def test_it_can_be_asked_for_before(counter: Any, ask: Any, there: StandIn) -> None:
    band = registered(counter)
    ask()
    counter.run(actors.look_up, band)
    ask()

    assert there.asked[UNITS + BAND] == 2


def test_all_that_are_due_are_asked_about(counter: Any, ask: Any) -> None:
    numbers = [BAND, CAFE, TOWN_OFFICE]
    for number in numbers:
        registered(counter, number)
    ask()

    assert [lookup(counter, number).answered_at for number in numbers] == [counter.clock.now()] * 3


# When they fail


def test_answers_without_sense_are_asked_for_again_and_then_no_more(counter: Any, ask: Any, there: StandIn) -> None:
    band = registered(counter)
    there.instead[UNITS + BAND] = (500, b"oops")
    for number, wait in enumerate((1, 4, 16, 64, 1440, 1440, 1440), start=1):
        ask()
        counter.clock.move(wait * MINUTE - MICROSECOND)
        ask()
        assert there.asked[UNITS + BAND] == number
        counter.clock.move(MICROSECOND)
    ask()
    counter.clock.move(timedelta(days=3650))
    ask()
    assert there.asked[UNITS + BAND] == 8
    assert lookup(counter).next_at is None

    del there.instead[UNITS + BAND]
    counter.run(actors.look_up, band)
    ask()
    assert found(counter, band).kind == "voluntary"
    assert lookup(counter).attempts == 0


def test_one_number_that_makes_no_sense_holds_nobody_up(counter: Any, ask: Any, there: StandIn) -> None:
    registered(counter)
    cafe = registered(counter, CAFE)
    there.instead[UNITS + BAND] = (200, b"<html>")
    ask()

    assert found(counter, cafe).decision is not None
    assert lookup(counter).attempts == 1


@pytest.mark.parametrize("told", [(500, b"oops"), (200, {"rollegrupper": None})])
def test_what_they_say_of_it_counts_though_who_acts_for_it_makes_no_sense(
    counter: Any, ask: Any, there: StandIn, told: tuple[int, Any]
) -> None:
    band = registered(counter, who=KARI)
    there.instead[f"{UNITS}{BAND}/roller"] = told
    ask()

    known = lookup(counter).answer
    assert known is not None
    assert known.unit.name == f"ORGANISASJON {BAND}"
    assert (found(counter, band).named, found(counter, band).waits) == (None, True)
    for number, wait in enumerate((1, 4, 16, 64, 1440, 1440, 1440), start=1):
        assert there.asked[f"{UNITS}{BAND}/roller"] == number
        counter.clock.move(wait * MINUTE)
        ask()
    assert lookup(counter).next_at == counter.clock.now() + FRESH

    del there.instead[f"{UNITS}{BAND}/roller"]
    counter.clock.move(FRESH)
    ask()
    assert (found(counter, band).kind, found(counter, band).owns_number) == ("voluntary", True)
    assert lookup(counter).attempts == 0


def test_what_was_known_stays_known_when_they_make_no_sense(counter: Any, ask: Any, there: StandIn) -> None:
    band = registered(counter)
    ask()
    counter.clock.move(FRESH)
    there.instead[UNITS + BAND] = (500, b"oops")
    ask()

    assert found(counter, band).kind == "voluntary"
    assert lookup(counter).answer is not None


@pytest.mark.parametrize("status", [503, 429])
def test_registers_that_are_down_are_left_alone_and_tried_again(
    counter: Any, ask: Any, there: StandIn, status: int
) -> None:
    band, cafe = registered(counter), registered(counter, CAFE)
    there.instead = {UNITS + BAND: (status, b""), UNITS + CAFE: (status, b"")}
    ask()
    assert there.asked.total() == 1
    for pause in (30, 60, 120):
        counter.clock.move(timedelta(seconds=pause) - MICROSECOND)
        ask()
        counter.clock.move(MICROSECOND)
        before = there.asked.total()
        ask()
        assert there.asked.total() == before + 1

    there.instead = {}
    counter.clock.move(timedelta(seconds=240))
    ask()
    assert [found(counter, each).kind for each in (band, cafe)] == ["voluntary", "business"]
    assert counter.run(lookup_store.outage).failures == 0


def test_an_outage_is_none_of_a_number_s_own_tries(counter: Any, there: StandIn) -> None:
    registered(counter)
    nobody = Registers(f"http://127.0.0.1:{free_port()}", seconds=5.0)
    for _ in range(12):
        ask_due(counter.database, nobody, [])
        counter.clock.move(15 * MINUTE)

    assert lookup(counter).attempts == 0
    assert lookup(counter).next_at is not None


def test_a_register_that_answers_badly_is_up_all_the_same(counter: Any, ask: Any, there: StandIn) -> None:
    registered(counter)
    there.instead[UNITS + BAND] = (503, b"")
    ask()
    counter.clock.move(30 * timedelta(seconds=1))
    there.instead[UNITS + BAND] = (500, b"")
    ask()

    assert counter.run(lookup_store.outage).failures == 0


def test_nobody_waits_while_the_registers_are_asked(counter: Any, there: StandIn, client: Registers) -> None:
    """All else is done while the call is under way, and only then is it answered."""
    band = registered(counter)
    there.doze()

    def errand() -> None:
        ask_due(counter.database, client, [])

    def all_else() -> None:
        try:
            eventually(lambda: there.asked[UNITS + BAND])
            counter.hold("room", tenant=band)
            counter.run(actors.verify, MANAGER, band, kind="voluntary", reason="Vedtektene")
            counter.run(actors.look_up, band)
            with counter.database.reading() as tx:
                waiting = tx.connection.exec_driver_sql(
                    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                    " AND state LIKE 'idle in transaction%%' AND pid <> pg_backend_pid()"
                ).scalar_one()
            assert waiting == 0
        finally:
            there.awake.set()

    at_once(lambda work: work(), [errand, all_else])
    assert found(counter, band).kind == "voluntary"


ASKS_AND_WAKES = """
import eventlet
eventlet.monkey_patch()
import sys, httpx
from services.booking.registers import Registers
asked = eventlet.spawn(Registers(sys.argv[1], seconds=60).ask, sys.argv[2])
eventlet.sleep(0)
httpx.get(sys.argv[1] + "/wake")
print(asked.wait().unit.state)
"""


def test_a_worker_goes_on_while_it_waits_for_an_answer(there: StandIn) -> None:
    """In one process, as workers are: the register answers only when another green thread has woken it."""
    there.doze()
    command = [sys.executable, "-W", "ignore", "-c", ASKS_AND_WAKES, there.url, BAND]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert said.stdout == "active\n", said.stderr


# Twice, and out of order


def taken(counter: Any) -> Lookup:
    found: Lookup | None = counter.run(lookups.take)
    assert found is not None
    return found


def test_an_answer_recorded_twice_takes_effect_once(counter: Any) -> None:
    band = registered(counter)
    asked = taken(counter)
    for _ in range(2):
        counter.run(lookups.record, asked, VOLUNTARY_ANSWER, [], [RESIDENT.named])
    counter.run(lookups.made_no_sense, asked)

    assert (found(counter, band).version, lookup(counter).attempts) == (2, 0)


@pytest.mark.parametrize("late_first", [True, False])
def test_of_two_who_asked_the_later_counts(counter: Any, late_first: bool) -> None:
    band = registered(counter)
    slow = taken(counter)
    assert counter.run(lookups.take) is None
    counter.clock.move(LEASE)
    quick = taken(counter)
    gone = replace(VOLUNTARY_ANSWER, unit=Unit(state="deleted"))
    answers = [(slow, VOLUNTARY_ANSWER), (quick, gone)]
    for asked, answer in answers[::-1] if late_first else answers:
        counter.run(lookups.record, asked, answer, [], [RESIDENT.named])

    assert found(counter, band).decision is None
    assert lookup(counter).answer == gone


def test_nobody_else_asks_before_the_lease_is_over(counter: Any) -> None:
    registered(counter)
    taken(counter)
    counter.clock.move(LEASE - MICROSECOND)
    assert counter.run(lookups.take) is None
    counter.clock.move(MICROSECOND)
    assert counter.run(lookups.take) is not None


def test_workers_share_what_is_due(counter: Any, there: StandIn, client: Registers) -> None:
    numbers = [BAND, CAFE, TOWN, TOWN_OFFICE, OTHER_TOWN, BAND_UNLISTED]
    for number in numbers:
        registered(counter, number)

    at_once(lambda _: ask_due(counter.database, client, [TOWN]), range(6))

    assert {there.asked[UNITS + number] for number in numbers} == {1}
    with counter.database.reading() as tx:
        assert set(tx.execute(select(organisation_lookups.c.answered_at)).scalars()) == {counter.clock.now()}


def test_a_decision_of_a_person_is_never_lost_to_the_registers(counter: Any) -> None:
    """Whichever comes first."""
    many = Database(
        counter.database.engine.url.render_as_string(hide_password=False), service="booking", clock=counter.clock
    )
    band = registered(counter)

    def record(asked: Lookup) -> None:
        with many.transaction() as tx:
            lookups.record(tx, asked, VOLUNTARY_ANSWER, [], [RESIDENT.named])

    def decide(_: Lookup) -> None:
        with many.transaction() as tx:
            actors.verify(tx, MANAGER, band, kind="municipal", reason="Eget lag")

    for number in range(20):
        counter.clock.move(MINUTE)
        counter.run(actors.look_up, band)
        asked = taken(counter)
        at_once(lambda work, asked=asked: work(asked), [record, decide])
        assert found(counter, band).kind == "municipal", number
    many.close()

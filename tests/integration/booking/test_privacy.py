"""What is held of a person: all of it is exported, none of it is left after an erasure, and what was booked stays."""

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text
from werkzeug.test import TestResponse

from kernel.db import Database
from kernel.errors import Text
from kernel.settings import Settings
from kernel.versions import ANY_VERSION
from services.booking.api import build
from services.booking.events import BookingCancelled, PersonErased, RepresentationChanged
from services.booking.model.house_rules import RuleVersion
from services.booking.model.privacy import BookingsToCome
from services.booking.model.representatives import Terms
from services.booking.store.privacy import NO_PERSON, STANDS
from services.booking.usecases import bookings as booking_usecases
from services.booking.usecases import calendars, comments, house_rules, invitations, privacy
from tests.at_once import at_once
from tests.callers import MANAGER, OPERATOR, RESIDENT, STRANGER, KnownCallers, bearer

LIKE_A_PERSON = re.compile(r"(^|_)(by|person|author|tenant|actor|who|user|owner|member|subject)$")
KERNEL = ("outbox", "inbox", "inbox_subjects", "failed_deliveries", "idempotency_keys")
COLUMNS = text(
    "SELECT table_name, column_name FROM information_schema.columns"
    " WHERE table_schema = 'public' AND data_type IN ('uuid', 'ARRAY') AND udt_name IN ('uuid', '_uuid')"
)
TABLES = text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
KARI = str(RESIDENT.person)
YES = {"cancel_bookings": True}
NO = {"cancel_bookings": False}


@pytest.fixture
def client(counter: Any) -> FlaskClient:
    settings = Settings(rate_limit_per_minute=100_000)
    return build(settings, database=counter.database, verifier=KnownCallers()).test_client()


@pytest.fixture
def ask(client: FlaskClient) -> Callable[..., TestResponse]:
    def ask(method: str, path: str, who: str, **request: Any) -> TestResponse:
        return client.open(f"/api/booking{path}", method=method, headers=bearer(who), **request)

    return ask


@pytest.fixture
def life(counter: Any) -> dict[str, Any]:
    """Kari has done all that leaves something of hers behind."""
    band = counter.organisation("kari")
    rules = {"text": Text("Rydd", "Rydd", "Tidy"), "rules": [], "effective_from": None}
    counter.run(house_rules.publish, MANAGER, "space", "room", **rules)
    counter.run(house_rules.accept, RESIDENT, [RuleVersion("space", "room", 1)], "portal")
    mine = counter.confirmed("hall", title="Karis femtiårsdag")
    bands = counter.confirmed("third-1", 8, tenant=band, title="Korpsøving")
    given_up = counter.hold("third-2", 8)
    counter.run(booking_usecases.cancel, RESIDENT, given_up.id, ANY_VERSION, why="Karis mor er syk")
    for booking, who, said in ((mine, RESIDENT, "Hilsen Kari"), (mine, MANAGER, "Hei Kari"), (bands, RESIDENT, "Kari")):
        counter.run(comments.write, who, booking.id, text=said)
    counter.run(calendars.make, RESIDENT, square="borgen")
    counter.run(calendars.make, RESIDENT, actor=RESIDENT.person)
    return {"band": band, "mine": mine, "bands": bands, "given_up": given_up}


def everything(counter: Any) -> str:
    """All that is in booking's own tables."""
    with counter.database.reading() as tx:
        tables = [each for each in tx.execute(TABLES).scalars() if each not in KERNEL]
        return "\n".join(
            f"{each} {row}" for each in tables for row in tx.execute(text(f'SELECT t::text FROM "{each}" t')).scalars()
        )


def test_every_column_that_looks_like_a_persons_is_in_the_list(counter: Any) -> None:
    with counter.database.reading() as tx:
        found = {(row.table_name, row.column_name) for row in tx.execute(COLUMNS)}
    suspects = {each for each in found if LIKE_A_PERSON.search(each[1]) and each[0] not in KERNEL}

    listed = {(each.table.name, each.column) for each in STANDS}
    assert suspects - listed - NO_PERSON == set(), "say in store/privacy.py what becomes of it when a person is erased"
    assert listed <= found
    assert not listed & NO_PERSON


def test_nothing_that_is_said_to_be_no_persons_can_be(counter: Any) -> None:
    """Their foreign keys lead to organisations."""
    keys = text("SELECT conrelid::regclass::text, pg_get_constraintdef(oid) FROM pg_constraint WHERE contype = 'f'")
    with counter.database.reading() as tx:
        found = {tuple(row) for row in tx.execute(keys)}
    for table, column in NO_PERSON:
        assert (table, f"FOREIGN KEY ({column}) REFERENCES actors(id)") in found


def test_all_of_it_is_exported(ask: Any, life: Any) -> None:
    exported = ask("GET", "/me/export", "kari").json

    assert exported["person"] == KARI
    held = exported["held"]
    assert {each["id"] for each in held["bookings"]} == {str(life[each].id) for each in ("mine", "bands", "given_up")}
    assert {each["text"] for each in held["booking_comments"]} == {"Hilsen Kari", "Hei Kari", "Kari"}
    assert "Karis mor er syk" in {each["why"] for each in held["booking_steps"]}
    assert [each["actor"] for each in held["representatives"]] == [str(life["band"])]
    assert len(held["calendar_feeds"]) == 2
    assert "digest" not in held["calendar_feeds"][0]
    assert len(held["house_rule_acceptances"]) == 1


def test_where_a_hold_was_before_it_was_moved_is_exported(counter: Any, ask: Any) -> None:
    held = counter.hold("room", 4)
    counter.run(counter.usecases.reschedule, RESIDENT, held.id, ANY_VERSION, space="third-1")

    [was] = ask("GET", "/me/export", "kari").json["held"]["let_go"]
    others = ask("GET", "/me/export", "ola").json["held"]["let_go"]

    assert (was["booking"], was["space"], others) == (str(held.id), "room", [])


def test_an_export_has_nothing_of_others(counter: Any, ask: Any, life: Any) -> None:
    exported = ask("GET", "/me/export", "ola")
    assert not any(exported.json["held"].values())
    assert KARI not in exported.text


def test_nothing_is_left_of_a_person(counter: Any, ask: Any, life: Any) -> None:
    answer = ask("POST", "/me/erasure", "kari", json=YES)

    assert answer.status_code == 200, answer.text
    assert answer.json == {
        "erased_at": "2026-11-23T12:00:00Z",
        "cancelled": [str(life["mine"].id)],
        "kept": 3,
    }
    left = everything(counter)
    assert KARI not in left
    assert not [each for each in ("Kari", "femti", "Hilsen", "syk") if each in left]
    assert ask("GET", f"/bookings/{life['mine'].id}", "kari").status_code == 404
    assert not any(ask("GET", "/me/export", "kari").json["held"].values())


def test_what_was_booked_stays_as_figures_and_together(counter: Any, ask: Any, life: Any) -> None:
    before = {each: counter.load(life[each]) for each in ("mine", "bands", "given_up")}
    ask("POST", "/me/erasure", "kari", json=YES)
    after = {each: counter.load(life[each]) for each in before}

    assert after["mine"].state == "cancelled"
    assert (after["bands"].state, after["bands"].title, after["bands"].tenant.id) == (
        "confirmed",
        "Korpsøving",
        life["band"],
    )
    erased = {after[each].booked_by for each in after} | {after["mine"].tenant.id, after["given_up"].tenant.id}
    assert len(erased) == 1
    assert erased.pop() != RESIDENT.person
    for each, was in before.items():
        now = after[each]
        assert (now.begins_at, now.ends_at, now.space, now.purpose, now.price) == (
            was.begins_at,
            was.ends_at,
            was.space,
            was.purpose,
            was.price,
        )


def test_two_persons_are_not_erased_into_one(counter: Any, ask: Any) -> None:
    kari, ola = counter.hold("hall"), counter.hold("room", who=STRANGER)
    for who in ("kari", "ola"):
        ask("POST", "/me/erasure", who, json=YES)
    assert counter.load(kari).booked_by != counter.load(ola).booked_by


def test_what_others_are_told_and_in_which_order(counter: Any, ask: Any, life: Any) -> None:
    ask("POST", "/me/erasure", "kari", json=YES)

    last = [event.data for event in counter.told()][-3:]
    assert [type(each) for each in last] == [BookingCancelled, RepresentationChanged, PersonErased]
    assert (last[1].person, last[1].role) == (KARI, None)
    assert (last[2].person, last[2].erased_at) == (KARI, counter.clock.now())
    assert {*last[2].bookings} == {life[each].id for each in ("mine", "bands", "given_up")}
    assert {*last[2].untitled} == {life["mine"].id, life["given_up"].id}


def test_bookings_to_come_stand_against_it_and_are_told(counter: Any, ask: Any, life: Any) -> None:
    before = everything(counter)
    refused = ask("POST", "/me/erasure", "kari", json=NO)

    assert (refused.status_code, refused.json["code"]) == (409, "bookings_to_come")
    assert refused.json["fields"] == {"count": 1, "bookings": str(life["mine"].id)}
    assert everything(counter) == before

    counter.cancel(life["mine"])
    assert ask("POST", "/me/erasure", "kari", json=NO).status_code == 200


@pytest.mark.parametrize(
    ("minutes", "state"),
    [(0, "cancelled"), (120 + 60 - 1, "cancelled"), (120 + 60, "completed")],
)
def test_a_booking_that_is_over_is_completed_and_not_cancelled(
    counter: Any, ask: Any, minutes: int, state: str
) -> None:
    booking = counter.confirmed("hall")
    counter.clock.move(timedelta(minutes=minutes))

    assert ask("POST", "/me/erasure", "kari", json=YES).status_code == 200
    assert counter.load(booking).state == state


def test_a_hold_that_has_run_out_expires(counter: Any, ask: Any) -> None:
    booking = counter.hold("hall")
    counter.clock.move(timedelta(hours=2))
    assert ask("POST", "/me/erasure", "kari", json=YES).json["cancelled"] == []
    assert counter.load(booking).state == "expired"


def test_who_comes_back_begins_anew(counter: Any, ask: Any, life: Any) -> None:
    ask("POST", "/me/erasure", "kari", json=YES)
    counter.clock.move(timedelta(seconds=1))
    again = counter.hold("hall")
    ask("POST", "/me/erasure", "kari", json=YES)

    assert counter.load(again).booked_by != RESIDENT.person
    told = counter.told(PersonErased)
    assert [event.subject for event in told] == [KARI, KARI]
    assert told[0].sequence < told[1].sequence


def test_who_may_forget_whom(ask: Any, life: Any) -> None:
    path = f"/persons/{KARI}/erasure"
    assert [ask("POST", path, who, json=NO).status_code for who in ("ola", "mona", "odd")] == [403, 403, 409]
    assert ask("POST", path, "odd", json=YES).status_code == 200
    assert ask("POST", path, "odd", json=YES).status_code == 404


def test_one_who_worked_for_the_municipality_is_forgotten_and_their_work_stays(
    counter: Any, ask: Any, life: Any
) -> None:
    """Mona has published house rules and answered a comment; the operator let Kari act for the band."""
    for who in ("mona", "odd"):
        assert ask("POST", "/me/erasure", who, json=YES).status_code == 200

    left = everything(counter)
    assert str(MANAGER.person) not in left
    assert str(OPERATOR.person) not in left
    assert "Hei Kari" in left
    assert ask("GET", "/house-rules/space/room", "ola").status_code == 200


def test_an_invitation_that_is_open_goes_with_its_mail(counter: Any, ask: Any, life: Any) -> None:
    terms = Terms(role="booker", known_as="Treneren")
    for by_mail in (True, False):
        counter.run(invitations.invite, OPERATOR, life["band"], terms, address="ny@example.no", by_mail=by_mail)

    ask("POST", "/me/erasure", "odd", json=YES)

    left = everything(counter)
    assert not [each for each in ("ny@example.no", "Treneren") if each in left]


@pytest.fixture
def many(counter: Any) -> Iterator[Database]:
    url = counter.database.engine.url.render_as_string(hide_password=False)
    many = Database(url, service="booking", pool_size=4, clock=counter.clock)
    yield many
    many.close()


def test_an_erasure_against_a_booking_being_made(counter: Any, many: Database) -> None:
    """Either the booking was there before, and is erased; or it comes after, whole and live. Never between."""
    for number in range(30):

        def work(what: str, number: int = number) -> Any:
            with many.transaction() as tx:
                if what == "erase":
                    return privacy.erase_me(tx, RESIDENT, cancel_bookings=True)
                return booking_usecases.hold(tx, RESIDENT, counter.wanted("hall", begin=4 * number))

        erasure, made = at_once(work, ["erase", "hold"])

        now = counter.load(made)
        persons = {now.booked_by, now.tenant.id}
        assert len(persons) == 1
        if made.id in erasure.cancelled:
            assert (now.state, persons & {RESIDENT.person}) == ("cancelled", set())
        else:
            assert (now.state, persons) == ("held", {RESIDENT.person})
        counter.run(privacy.erase_me, RESIDENT, cancel_bookings=True)


def test_an_erasure_against_the_booking_being_confirmed(counter: Any, many: Database) -> None:
    for number in range(20):
        held = counter.hold("hall", 4 * number)
        counter.deliver(counter.priced(held, quote=held.id.int))

        def work(what: str, id: UUID = held.id) -> Any:
            try:
                with many.transaction() as tx:
                    if what == "erase":
                        return privacy.erase_me(tx, RESIDENT, cancel_bookings=True)
                    return booking_usecases.confirm(tx, RESIDENT, id, ANY_VERSION)
            except Exception as refused:  # noqa: BLE001 (told apart below)
                return refused

        erasure, _ = at_once(work, ["erase", "confirm"])

        assert erasure.cancelled == (held.id,)
        assert counter.load(held).state == "cancelled"
        assert KARI not in everything(counter)


def test_two_erasures_at_once(counter: Any, many: Database) -> None:
    for number in range(10):
        counter.hold("hall", 4 * number)

        def work(_: int) -> Any:
            with many.transaction() as tx:
                return privacy.erase_me(tx, RESIDENT, cancel_bookings=True)

        done = at_once(work, [1, 2])

        assert sorted(len(each.cancelled) for each in done) == [0, 1]
        assert KARI not in everything(counter)


def test_at_most_a_hundred_bookings_are_named() -> None:
    refused = BookingsToCome([UUID(int=number) for number in range(150)])
    assert refused.fields["count"] == 150
    assert len(str(refused.fields["bookings"]).split()) == 100

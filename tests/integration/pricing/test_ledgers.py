"""What is entered stays, adds up, and is never overdrawn, not even by many at once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from sqlalchemy import exc, func, insert, select, text, update

from kernel.errors import DomainError
from services.pricing.model.agreement import HoursDecided, MoreThanLeft, TooManyMinutes
from services.pricing.model.tariff import TariffsOverlap
from services.pricing.store.tables import charge_entries, charges, waiver_accounts, waiver_entries
from services.pricing.usecases import tariffs
from tests.bookings import BOOKED_AT, TENANT
from tests.office import Booking, Office
from tests.tariffs import document, tariff
from tests.templates import as_owner
from tests.waiting import eventually

AT_ONCE = 6
ROUNDS = 10
_WAITING = text(
    "SELECT count(*) FROM pg_locks JOIN pg_database ON oid = database"
    " WHERE NOT granted AND datname = current_database()"
)


def together(*works: Callable[[], object]) -> list[object]:
    """Does all of these at the same time; gives what each returned, or the rule that refused it."""
    start = Barrier(len(works))

    def run(work: Callable[[], object]) -> object:
        start.wait(timeout=60)
        try:
            return work()
        except DomainError as refused:
            return type(refused)

    with ThreadPoolExecutor(len(works)) as threads:
        return [*threads.map(run, works)]


def entered(office: Office) -> tuple[int, int]:
    """The sum of all waiver entries, and how many there are."""
    with office.database.reading() as tx:
        return tx.execute(select(func.coalesce(func.sum(waiver_entries.c.amount), 0), func.count())).one()


def test_bookings_at_once_share_a_waiver_and_never_overdraw_it(office: Office) -> None:
    office.grant(minutes=300)
    bookings = [Booking() for _ in range(AT_ONCE)]
    together(*(lambda booking=booking: office.deliver(booking.held()) for booking in bookings))
    waived = [70_000 - office.total(booking) for booking in bookings]
    assert sorted(waived, reverse=True) == [70_000, 30_000, 0, 0, 0, 0]
    assert office.balance() == entered(office)[0] == 0


def test_giving_back_and_reserving_at_once_adds_up(office: Office) -> None:
    office.grant(minutes=300)
    leaving = [Booking() for _ in range(3)]
    office.deliver(*(booking.held() for booking in leaving))
    coming = [Booking() for _ in range(3)]
    together(
        *(lambda booking=booking: office.deliver(booking.expired()) for booking in leaving),
        *(lambda booking=booking: office.deliver(booking.held()) for booking in coming),
    )
    reserved = sum(70_000 - office.total(booking) for booking in coming)
    assert office.balance() == 100_000 - reserved == entered(office)[0]


def test_one_event_delivered_to_many_workers_takes_effect_once(office: Office) -> None:
    office.grant(minutes=60)
    booking = Booking()
    held, confirmed = booking.held(), booking.confirmed()
    together(*[lambda: office.deliver(held)] * 3, *[lambda: office.deliver(confirmed)] * 3)
    assert office.owed(booking) == ("charged", 50_000)
    assert office.emitted_types().count("booking_charged") == 1
    assert entered(office) == (0, 4)  # granted, reserved, released, used


def test_hours_approved_by_many_at_once_are_granted_once(office: Office) -> None:
    hours = office.register(office.agreement())
    outcomes = together(*[lambda: office.approve(hours)] * AT_ONCE)
    assert outcomes.count(HoursDecided) == AT_ONCE - 1
    assert office.balance() == 20_000


def test_approvals_at_once_stay_within_the_agreement(office: Office) -> None:
    agreement = office.agreement(max_amount=50_000)
    registered = [office.register(agreement) for _ in range(AT_ONCE)]
    outcomes = together(*(lambda hours=hours: office.approve(hours) for hours in registered))
    assert outcomes.count(MoreThanLeft) == AT_ONCE - 2
    assert office.balance() == entered(office)[0] == 40_000


def test_two_who_approve_the_remainder_at_once_grant_it_once(office: Office) -> None:
    """Each could be approved alone. Nothing is cut: the second is refused, and approved for what is left if said so."""
    for _ in range(ROUNDS):
        agreement = office.agreement(max_amount=15_000)
        registered = [office.register(agreement, 30) for _ in range(2)]
        before = office.balance()
        outcomes = together(*(lambda hours=hours: office.approve(hours) for hours in registered))
        assert outcomes.count(MoreThanLeft) == 1
        assert office.balance() == before + 10_000
        office.approve(registered[outcomes.index(MoreThanLeft)], amount=5_000)
        assert office.balance() == before + 15_000


def test_a_tariff_waits_for_one_that_is_being_adopted(office: Office) -> None:
    row = {"stage": document()["premises"]["hall"]}
    with ThreadPoolExecutor(1) as thread:
        with office.database.transaction() as tx:
            tariffs.adopt(tx, tariff(id="stage-1", premises=row))
            second = thread.submit(office.adopt, id="stage-2", premises=row)
            eventually(lambda: second.done() or waiting(office))
        with pytest.raises(TariffsOverlap):
            second.result(timeout=60)


def waiting(office: Office) -> int:
    """How many wait for a lock."""
    with office.database.reading() as tx:
        count: int = tx.execute(_WAITING).scalar_one()
        return count


def test_registrations_at_once_stay_within_the_day(office: Office) -> None:
    agreement = office.agreement()
    outcomes = together(*[lambda: office.register(agreement, minutes=240)] * AT_ONCE)
    assert sum(1 for each in outcomes if isinstance(each, type)) == AT_ONCE - 3


def test_two_registrations_on_one_day_stay_within_it_whatever_they_are_under(office: Office) -> None:
    one, other = office.agreement(), office.agreement()
    for days in range(ROUNDS):
        day = BOOKED_AT.date() - timedelta(days=days)
        register = (lambda under=under, day=day: office.register(under, 400, worked_on=day) for under in (one, other))
        assert together(*register).count(TooManyMinutes) == 1


@pytest.mark.parametrize("ledger", [charge_entries, waiver_entries], ids=str)
@pytest.mark.parametrize("change", ["UPDATE {} SET amount = 0", "DELETE FROM {}", "TRUNCATE {}"])
def test_the_database_refuses_to_rewrite_a_ledger(office: Office, ledger: object, change: str) -> None:
    with pytest.raises(exc.IntegrityError, match="only ever added"):
        as_owner(office.database, change.format(ledger))


def test_the_database_refuses_a_balance_below_zero(office: Office) -> None:
    office.grant(minutes=60)
    with pytest.raises(exc.IntegrityError, match="never_below_zero"), office.database.transaction() as tx:
        tx.execute(update(waiver_accounts).values(balance=-1))


def test_the_database_refuses_a_second_use_of_one_booking(office: Office) -> None:
    office.grant(minutes=60)
    booking = Booking()
    office.deliver(booking.held())
    again = {"tenant": TENANT.id, "currency": "NOK", "reason": "reserved", "amount": -1, "booking": booking.id}
    with pytest.raises(exc.IntegrityError, match="once_a_version"), office.database.transaction() as tx:
        tx.execute(insert(waiver_entries), again | {"at": tx.now})


def test_what_drifted_from_its_entries_is_set_right_and_counted(office: Office) -> None:
    office.grant(minutes=60)
    booking = Booking(tenant=TENANT)
    office.deliver(booking.held(), booking.confirmed())
    office.reconciled()
    before = office.repairs("charge"), office.repairs("waiver")
    with office.database.transaction() as tx:
        tx.execute(update(charges).values(total=1))
        tx.execute(update(waiver_accounts).values(balance=5))
    office.reconciled()
    office.reconciled()
    with office.database.reading() as tx:
        assert tx.execute(select(charges.c.total)).scalar_one() == 50_000
    assert office.balance() == 0
    assert (office.repairs("charge"), office.repairs("waiver")) == (before[0] + 1, before[1] + 1)

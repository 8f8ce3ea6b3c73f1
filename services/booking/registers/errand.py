"""The worker's errand to the registers: a transaction, a call outside it, a transaction."""

from collections.abc import Collection
from functools import cache

import structlog

from kernel.db import Database
from kernel.settings import Settings
from services.booking.model.registers import Person
from services.booking.registers import NoAnswer, NoSense, Registers
from services.booking.usecases import lookups

log = structlog.get_logger(__name__)

MOST_AT_ONCE = 20


def look_up_due(database: Database, settings: Settings) -> None:
    """Asks about all numbers that are due, if there are registers to ask."""
    if settings.registers_url:
        registers = _registers(settings.registers_url, settings.registers_seconds)
        ask_due(database, registers, settings.own_organisations)


def ask_due(database: Database, registers: Registers, ours: Collection[str]) -> None:
    """Asks about one number after the other, until none is due or the registers do not answer."""
    for _ in range(MOST_AT_ONCE):
        with database.transaction() as tx:
            taken = lookups.take(tx)
            claimed = taken is not None and lookups.is_claimed(tx, taken)
        if taken is None:
            return
        try:
            answer = registers.ask(taken.number, taken.answer)
            holders = _holders(registers, taken.number) if claimed and answer.unit.state == "active" else []
        except NoAnswer as reason:
            log.warning("registers_do_not_answer", reason=str(reason))
            with database.transaction() as tx:
                lookups.no_answer(tx, taken)
            return
        except NoSense as reason:
            log.warning("registers_make_no_sense", reason=str(reason))
            with database.transaction() as tx:
                lookups.made_no_sense(tx, taken)
        else:
            with database.transaction() as tx:
                lookups.record(tx, taken, answer, ours, holders)


def _holders(registers: Registers, number: str) -> list[Person] | None:
    """Who acts for an organisation; None when the answer makes no sense, which hides nothing of what it is."""
    try:
        return registers.holders(number)
    except NoSense as reason:
        log.warning("registers_make_no_sense", reason=str(reason))
        return None


@cache
def _registers(url: str, seconds: float) -> Registers:
    """One for the process: connections are kept."""
    return Registers(url, seconds=seconds)

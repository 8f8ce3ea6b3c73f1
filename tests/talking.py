"""The two tiny services under load, while something dies: who talks, and what must have been heard afterwards."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread

from sqlalchemy import exc

from kernel import failures, outbox
from kernel.db import Database
from tests.speakers import heard, say
from tests.speaking import Speaking
from tests.waiting import eventually

SLOW = 180.0


@contextmanager
def talk(database: Database, word: str = "word") -> Iterator[list[str]]:
    """Says a word every so often from a thread of its own; gives the words whose commit was confirmed."""
    said: list[str] = []
    ended = Event()

    def talk_on() -> None:
        number = 0
        while not ended.wait(0.005):
            number += 1
            try:
                say(database, f"{word} {number:05}")
            except exc.SQLAlchemyError:
                continue  # not confirmed: it may be there or not, and is not counted
            said.append(f"{word} {number:05}")

    talking = Thread(target=talk_on)
    talking.start()
    try:
        yield said
    finally:
        ended.set()
        talking.join()


def all_sent(database: Database) -> bool:
    with database.reading() as tx:
        return outbox.backlog(tx)[0] == 0


def failed(database: Database) -> tuple[int, int]:
    with database.reading() as tx:
        return failures.depths(tx)


def assert_all_heard_once(speaking: Speaking, said: list[str]) -> None:
    eventually(lambda: all_sent(speaking.speaker), seconds=SLOW)
    words = eventually(lambda: heard(speaking.hearer), wanted=lambda words: set(said) <= set(words), seconds=SLOW)
    assert len(words) == len(set(words))
    eventually(lambda: failed(speaking.hearer), wanted=(0, 0).__eq__)
    eventually(lambda: all_sent(speaking.hearer), seconds=SLOW)

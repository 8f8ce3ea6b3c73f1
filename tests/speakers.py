"""Two tiny services for the kernel's tests: one says, the other hears and writes down what it heard.

Run as a program it is a worker: `python -m tests.speakers HEALTH_PORT [SERVICE …]`, set up by the environment as any
worker is. DIE_AT names a point at which it kills itself (kill -9), once; DIED_FILE remembers that it has.
"""

import os
import signal
import sys
from pathlib import Path

if __name__ == "__main__":
    import eventlet

    eventlet.monkey_patch()

import time
from dataclasses import dataclass
from typing import ClassVar

from sqlalchemy import text

from kernel import outbox, worker
from kernel.consumer import EventConsumer, handle_event
from kernel.contracts import Envelope, Event
from kernel.db import Database, Transaction
from kernel.embedded_broker import EmbeddedPublisher
from kernel.extensions import OutboxRelay
from kernel.inbox import newest
from kernel.relay import AmqpPublisher
from kernel.settings import Settings, load

HEARD = "CREATE TABLE IF NOT EXISTS heard (word text NOT NULL, sequence int NOT NULL)"
MOODS = "CREATE TABLE IF NOT EXISTS moods (word text PRIMARY KEY, mood text NOT NULL)"


@dataclass(frozen=True, kw_only=True)
class Said(Event):
    """A word was said. `mood` tells the listener how to take it: "well", "badly" (fails), "slowly"."""

    TYPE: ClassVar[str] = "no.torg.booking.test_said.v1"
    LISTENERS: ClassVar[tuple[str, ...]] = ("access",)

    word: str
    mood: str = "well"


@dataclass(frozen=True, kw_only=True)
class Echoed(Event):
    """The listener heard a word. Nobody listens."""

    TYPE: ClassVar[str] = "no.torg.access.test_echoed.v1"

    word: str


class Speaker:
    """Emits only."""

    name = "booking"
    outbox = OutboxRelay()


class Hearer:
    """Writes down each word it hears, once, unless a newer one of the same subject was heard."""

    name = "access"
    outbox = OutboxRelay()

    @handle_event(Said)
    def said(self, tx: Transaction, event: Envelope[Said]) -> None:
        mood = tx.execute(text("SELECT mood FROM moods WHERE word = :word"), {"word": event.data.word}).scalar()
        mood = mood or event.data.mood
        if mood == "slowly":
            time.sleep(1)
        if newest(tx, event):
            write_down(tx, event.data.word, event.sequence)
            tx.emit(Echoed(word=event.data.word), subject=event.subject, sequence=event.sequence)
        if mood == "badly":
            raise RuntimeError("as it was told to")


def write_down(tx: Transaction, word: str, sequence: int) -> None:
    tx.execute(text("INSERT INTO heard VALUES (:word, :sequence)"), {"word": word, "sequence": sequence})


def heard(database: Database) -> list[str]:
    """The words written down, sorted."""
    with database.reading() as tx:
        return list(tx.execute(text("SELECT word FROM heard ORDER BY word")).scalars())


def set_mood(database: Database, word: str, mood: str) -> None:
    """Changes how the hearer will take a word from now on."""
    with database.transaction() as tx:
        upsert = "INSERT INTO moods VALUES (:word, :mood) ON CONFLICT (word) DO UPDATE SET mood = :mood"
        tx.execute(text(upsert), {"word": word, "mood": mood})


def say(database: Database, *words: str, subject: str | None = None, sequence: int = 1, mood: str = "well") -> None:
    """Commits an event for each word, in one transaction."""
    with database.transaction() as tx:
        for word in words:
            tx.emit(Said(word=word, mood=mood), subject=subject or word, sequence=sequence)


MORTAL_POINTS = {
    "before publish": [(AmqpPublisher, "send"), (EmbeddedPublisher, "send")],
    "between publish and mark": [(outbox, "mark_sent")],
    "between effect and acknowledgement": [(EventConsumer, "_acknowledge")],
}


def make_mortal(point: str, died: Path) -> None:
    """Lets this process kill itself the first time it comes to the point with something in its hands."""

    def wrap(original):
        def mortal(*args):
            if args[-1] and not died.exists():
                died.touch()
                os.kill(os.getpid(), signal.SIGKILL)
            return original(*args)

        return mortal

    for owner, name in MORTAL_POINTS[point]:
        setattr(owner, name, wrap(getattr(owner, name)))


if __name__ == "__main__":
    from kernel.telemetry import set_up_logs

    set_up_logs("json", "INFO")
    if "DIE_AT" in os.environ:
        make_mortal(os.environ["DIE_AT"], Path(os.environ["DIED_FILE"]))
    chosen = [kind for kind in (Speaker, Hearer) if kind.name in sys.argv[2:] or not sys.argv[2:]]
    worker.run(chosen, load(Settings), health_port=int(sys.argv[1]))

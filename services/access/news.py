"""How old access's news of bookings is, by the heartbeats of booking: each names the last event of every type that was
sent, and is complete once the inbox has them all. Each type has a queue of its own, so a heartbeat may come before what
it names; it then waits here.

`usecases` calls it; the api asks `known` at each door.
"""

from datetime import timedelta

from sqlalchemy import (
    Column,
    DateTime,
    MetaData,
    Table,
    Text,
    Uuid,
    bindparam,
    case,
    delete,
    func,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB, insert

from kernel.contracts import plain
from kernel.db import Transaction
from services.access import metrics
from services.access.model import News
from services.booking.events import Heartbeat

KEPT = timedelta(hours=1)
"""How long a heartbeat waits for what it names."""

metadata = MetaData()
heartbeats = Table(
    "heartbeats",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("sent_at", DateTime(timezone=True), nullable=False),
    Column("last", JSONB, nullable=False),
    Column("restated_since", DateTime(timezone=True)),
    comment="those that name events which have not been taken in yet",
)
news = Table(
    "news",
    metadata,
    Column("source", Text, primary_key=True),
    Column("known_at", DateTime(timezone=True), nullable=False, comment="all that was told until then is taken in"),
    Column("fresh_since", DateTime(timezone=True), nullable=False, comment="it was stale before"),
    Column("restated_since", DateTime(timezone=True), comment="what was sent before and lost does no harm"),
)

_SOURCE = "booking"
_WAIT = insert(heartbeats).on_conflict_do_nothing()
_COMPLETE = text(
    """
    SELECT sent_at, restated_since FROM heartbeats WHERE NOT EXISTS (
        SELECT FROM jsonb_to_recordset(last) AS named (event uuid, sent_at timestamptz)
         WHERE NOT EXISTS (SELECT FROM inbox WHERE event_id = named.event)
           AND named.sent_at >= coalesce(
                   greatest(heartbeats.restated_since, (SELECT restated_since FROM news WHERE source = :source)),
                   '-infinity'
               )
    )
     ORDER BY sent_at DESC LIMIT 1
    """
)
_NEW = insert(news)
_ADVANCE = _NEW.on_conflict_do_update(
    index_elements=[news.c.source],
    set_={
        "known_at": func.greatest(news.c.known_at, _NEW.excluded.known_at),
        "restated_since": func.greatest(news.c.restated_since, _NEW.excluded.restated_since),
        "fresh_since": case(
            (news.c.known_at < bindparam("stale_before", type_=DateTime(timezone=True)), _NEW.excluded.fresh_since),
            else_=news.c.fresh_since,
        ),
    },
)
_DROP = delete(heartbeats).where(heartbeats.c.sent_at <= bindparam("until"))
_KNOWN = select(news.c.known_at, news.c.fresh_since).where(news.c.source == _SOURCE)


def take(tx: Transaction, heartbeat: Heartbeat, id: object) -> None:
    """Takes a heartbeat, and sees how new the news is."""
    named = plain(heartbeat.last)
    row = {"id": id, "sent_at": heartbeat.sent_at, "last": named, "restated_since": heartbeat.restated_since}
    tx.execute(_WAIT, row)
    weigh(tx)


def distrust(tx: Transaction) -> None:
    """Takes the news for stale until booking tells anew how far it has told: it was restored."""
    tx.execute(delete(heartbeats))
    tx.execute(update(news).values(known_at=tx.now - KEPT - bound(tx), fresh_since=tx.now))


def weigh(tx: Transaction) -> None:
    """Sees which heartbeats are complete by now."""
    newest = tx.execute(_COMPLETE, {"source": _SOURCE}).one_or_none()
    if newest is not None:
        row = {"source": _SOURCE, "known_at": newest.sent_at, "restated_since": newest.restated_since}
        tx.execute(_ADVANCE, row | {"fresh_since": tx.now, "stale_before": tx.now - bound(tx)})
        tx.execute(_DROP, {"until": newest.sent_at})
    tx.execute(_DROP, {"until": tx.now - KEPT})


def watch(tx: Transaction) -> None:
    """Tells operators how old the news is."""
    weigh(tx)
    found = known(tx)
    metrics.NEWS_AGE.set((tx.now - found.known_at).total_seconds() if found.known_at else 0.0)
    metrics.NEWS_STALE.set(found.stale(tx.now, bound(tx)))


def known(tx: Transaction) -> News:
    """How old the news is."""
    row = tx.execute(_KNOWN).one_or_none()
    return News(row.known_at, row.fresh_since) if row else News()


def is_stale(tx: Transaction) -> bool:
    """Whether a booking may have been cancelled or moved without access knowing."""
    return known(tx).stale(tx.now, bound(tx))


def bound(tx: Transaction) -> timedelta:
    """How old the news may be."""
    return timedelta(seconds=tx.settings.access_news_seconds)

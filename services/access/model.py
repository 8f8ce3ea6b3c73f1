"""The rules of access: when a key is valid, how it changes state, and what a lock decides. Pure: time, ids and chance
come in as arguments. Use cases and the locks call it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal, TypeVar
from uuid import UUID

from kernel.errors import DomainError, Text
from services.access.events import DoorOpened, DoorRefused, KeySnapshot, Refusal

ARM_WITHIN = timedelta(seconds=30)
"""How long a change of a key may be on its way to the lock before reconciliation takes it for lost."""
CODES_TRIED = 100

S = TypeVar("S", bound=KeySnapshot)


class WrongKeyState(DomainError):
    """A key can't make this change from the state it is in."""

    code = "wrong_key_state"
    status = 409
    text = Text(
        nb="Nøkkelen er i en tilstand ({state}) som ikke tillater dette.",
        nn="Nøkkelen er i ein tilstand ({state}) som ikkje tillèt dette.",
        en="The key is in a state ({state}) that does not allow this.",
    )


class NoFreeCode(DomainError):
    """Every code that was drawn opens the lock for somebody else at the same time."""

    code = "no_free_code"
    status = 503
    text = Text(
        nb="Fant ingen ledig kode til låsen. Prøv igjen.",
        nn="Fann ingen ledig kode til låsen. Prøv igjen.",
        en="No free code was found for the lock. Try again.",
    )


@dataclass(frozen=True, slots=True)
class Validity:
    """When a key opens: from `valid_from`, and no longer at `valid_until`."""

    valid_from: datetime
    valid_until: datetime

    def refusal(self, now: datetime) -> Refusal | None:
        """Why the time itself shuts the door; None when it doesn't."""
        if now < self.valid_from:
            return "too_early"
        return "too_late" if now >= self.valid_until else None


@dataclass(frozen=True, slots=True)
class Door:
    """The door of a space: the lock on it, and the square it belongs to."""

    lock: UUID
    space: str
    square: str


@dataclass(frozen=True, slots=True)
class Lock:
    """The lock on a door. How long before and after a booking its keys open is the lock's own affair."""

    door: Door
    margin_before: timedelta
    margin_after: timedelta
    parts: Sequence[str] = ()
    """The smallest parts of its space: bookings of spaces that have some in common exclude each other."""

    def validity(self, begins_at: datetime, ends_at: datetime, others: Iterable[Validity] = ()) -> Validity:
        """When the key of a booking opens this lock. A margin reaches no further than to the time of one of `others`:
        bookings of other tenants that exclude it."""
        times = [(each.valid_from, each.valid_until) for each in others]
        before = [min(until, begins_at) for since, until in times if since < begins_at]
        after = [max(since, ends_at) for since, until in times if until > ends_at]
        return Validity(max([begins_at - self.margin_before, *before]), min([ends_at + self.margin_after, *after]))


class KeyState(StrEnum):
    """`issued`: on its way to the lock. `armed`: the lock has confirmed it. `suspended`: opens nothing while its
    booking is decided anew, or while another booking has the place and time of one that booking lost in a restore.
    `revoked`: opens nothing, for good."""

    ISSUED = "issued"
    ARMED = "armed"
    SUSPENDED = "suspended"
    REVOKED = "revoked"


LIVE = (KeyState.ISSUED, KeyState.ARMED)
"""The states of keys that locks should hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """The right to pass a door during a time, for one booking. `changed_at`: the last change, or the last time it was
    sent to the lock.

    `credential`: the series whose bookings share one code, or the booking itself. If no door is opened with it by
    `release_at`, booking is told so, once: `unused_told`. `renewed_at`: when it got another code because somebody knew
    the one before who must not.
    """

    id: UUID
    booking: UUID
    credential: UUID
    booked_by: str
    tenant: UUID | None = None
    door: Door
    validity: Validity
    code_digest: bytes = field(repr=False)
    state: KeyState = KeyState.ISSUED
    version: int = 1
    changed_at: datetime
    begins_at: datetime | None = None
    ends_at: datetime | None = None
    release_at: datetime | None = None
    unused_told: bool = False
    renewed_at: datetime | None = None

    @property
    def live(self) -> bool:
        """Whether a lock should hold it."""
        return self.state in LIVE

    @property
    def time(self) -> Validity:
        """The time of its booking: its validity without margins. What lies outside of that was written by an earlier
        release, which knew no end."""
        since, until = self.validity.valid_from, self.validity.valid_until
        begins_at = self.begins_at if self.begins_at and since <= self.begins_at < until else since
        ends_at = self.ends_at if self.ends_at and begins_at < self.ends_at <= until else until
        return Validity(begins_at, ends_at)

    def armed(self, now: datetime) -> "Key":
        """The lock has confirmed it."""
        self._demand(KeyState.ISSUED)
        return self._changed(KeyState.ARMED, now)

    def revoked(self, now: datetime) -> "Key":
        """The booking is no more."""
        self._demand(*LIVE, KeyState.SUSPENDED)
        return self._changed(KeyState.REVOKED, now)

    def suspended(self, now: datetime) -> "Key":
        """The booking was moved, and nobody has decided yet whether it may be."""
        self._demand(*LIVE)
        return self._changed(KeyState.SUSPENDED, now)

    def moved(self, door: Door, validity: Validity, code_digest: bytes, now: datetime) -> "Key":
        """The booking got another time or space, or was decided anew: the key is issued once more."""
        self._demand(*LIVE, KeyState.SUSPENDED)
        issued = self._changed(KeyState.ISSUED, now)
        return replace(issued, door=door, validity=validity, code_digest=code_digest, unused_told=False)

    def renewed(self, code_digest: bytes, now: datetime) -> "Key":
        """With another code, as somebody knows the one before who must not: a live one is issued once more."""
        self._demand(*LIVE, KeyState.SUSPENDED)
        state = KeyState.ISSUED if self.live else self.state
        return replace(self._changed(state, now), code_digest=code_digest, renewed_at=now)

    def with_margins(self, validity: Validity, now: datetime) -> "Key":
        """Its margins end elsewhere. The lock goes by the ones before until it has heard of it."""
        self._demand(*LIVE)
        return replace(self._changed(self.state, now), validity=validity)

    def revived(self, code_digest: bytes, now: datetime) -> "Key":
        """Booking was restored from a backup, and in that its booking is not over: it can be issued again."""
        self._demand(KeyState.REVOKED)
        return replace(self._changed(KeyState.SUSPENDED, now), code_digest=code_digest)

    def told_again(self) -> "Key":
        """As it is, for one who has lost what was told of it."""
        return replace(self, version=self.version + 1)

    def unused(self, since: datetime | None, now: datetime) -> bool:
        """Whether nobody came, if no door was opened with it, on a lock that has been there to tell since then (None:
        it is not). Who could not get in from the beginning has not stayed away."""
        if self.state is not KeyState.ARMED or since is None:
            return False
        if self.begins_at is None or self.release_at is None:
            return False
        could_get_in = self.changed_at <= self.begins_at
        told_all = since <= max(self.validity.valid_from, self.changed_at)
        return could_get_in and told_all and self.release_at <= now < self.validity.valid_until

    def told_unused(self) -> "Key":
        """Booking is told that nobody came."""
        return replace(self, version=self.version + 1, unused_told=True)

    def sent_again(self, now: datetime, *, held: bool = False) -> "Key":
        """The lock does not hold it as it is, and gets it once more. One that it does not hold at all, as far as it
        says, is armed no longer."""
        if self.state is KeyState.ARMED:
            return self._changed(KeyState.ARMED if held else KeyState.ISSUED, now)
        self._demand(KeyState.ISSUED)
        return replace(self, changed_at=now)

    def opens(self, door: Door, validity: Validity) -> bool:
        """Whether it is for this door and time already; one that is revoked stays so."""
        here = (self.door.lock, self.validity) == (door.lock, validity)
        return here and self.state is not KeyState.SUSPENDED

    def is_settled(self, now: datetime) -> bool:
        """Whether its last change has had time to reach the lock."""
        return now - self.changed_at >= ARM_WITHIN

    def shows_code(self, now: datetime) -> bool:
        """Whether its code may be shown: a code that is not live must never be shown as live."""
        return self.state is KeyState.ARMED and now < self.validity.valid_until

    def told(self, kind: type[S]) -> S:
        """The event that tells of its last change."""
        return kind(
            key=self.id,
            booking=self.booking,
            lock=self.door.lock,
            space=self.door.space,
            square=self.door.square,
            valid_from=self.validity.valid_from,
            valid_until=self.validity.valid_until,
        )

    def _changed(self, state: KeyState, now: datetime) -> "Key":
        return replace(self, state=state, version=self.version + 1, changed_at=now)

    def _demand(self, *states: KeyState) -> None:
        if self.state not in states:
            raise WrongKeyState(state=self.state.value)


def choose_code(draw: Callable[[], str], is_taken: Callable[[str], bool], *, known: str | None = None) -> str:
    """A code nobody else has on that lock at that time: the `known` one if it can be, else one by chance. Raises
    NoFreeCode after `CODES_TRIED` draws."""
    if known is not None and not is_taken(known):
        return known
    for _ in range(CODES_TRIED):
        code = draw()
        if not is_taken(code):
            return code
    raise NoFreeCode


@dataclass(frozen=True, slots=True)
class News:
    """How old what access knows of bookings is. `known_at`: all that was told until then has been taken in; None before
    booking first said so. `fresh_since`: since when it has not been stale."""

    known_at: datetime | None = None
    fresh_since: datetime | None = None

    def stale(self, now: datetime, bound: timedelta) -> bool:
        """Whether a booking may have been cancelled or moved without access knowing."""
        return self.known_at is not None and now - self.known_at > bound


Limit = Literal["no_margin", "no_news", "shut"]
"""Why a lock opens less than the keys it holds say: `no_margin`: in the time of their booking only, as news is stale;
`no_news`: nothing, for the same reason; `shut`: nothing, by order."""


@dataclass(frozen=True, slots=True)
class Held:
    """What a lock holds of one key in its own memory; `time` is that of its booking."""

    key: UUID
    validity: Validity
    revoked: bool
    code_digest: bytes = field(default=b"", repr=False)
    time: Validity | None = None

    def refusal(self, now: datetime, limit: Limit | None = None) -> Refusal | None:
        """Why this key does not open now; None when it does."""
        if refused := "revoked" if self.revoked else self.validity.refusal(now):
            return refused
        if limit == "no_margin" and (self.time or self.validity).refusal(now) is None:
            return None
        return limit


@dataclass(frozen=True, slots=True)
class Decision:
    """What a lock answered: it opened (`refusal` is None), or why not; and which key it saw, if it knew it."""

    refusal: Refusal | None
    key: UUID | None = None


_BEST_FIRST: tuple[Refusal | None, ...] = (
    *(None, "no_margin", "no_news", "shut"),
    *("too_early", "revoked", "too_late"),
)


def decide(presented: Iterable[Held], now: datetime, *, otherwise: Refusal, limit: Limit | None = None) -> Decision:
    """What the lock does about the keys presented: one that opens goes before all others, as an old key's code may have
    become a new one's. `otherwise` is the answer when there is none."""
    decisions = [Decision(held.refusal(now, limit), held.key) for held in presented]
    return min(decisions, key=lambda each: _BEST_FIRST.index(each.refusal), default=Decision(otherwise))


@dataclass(frozen=True, slots=True)
class Drift:
    """Where a lock's memory and the keys differ: keys to send again, and entries no live key stands behind."""

    unsent: list[Key]
    strangers: list[UUID]


def drift(lock: UUID, keys: Iterable[Key], held: Mapping[UUID, Validity], now: datetime) -> Drift:
    """Compares the live keys of a lock, and all keys it holds, with what it holds, and for when. What is still on its
    way is none."""
    known = {key.id: key for key in keys}
    unsent = [key for key in known.values() if _is_missing(key, lock, held, now) and key.is_settled(now)]
    strangers = [each for each in held if _is_stranger(known.get(each), lock, now)]
    return Drift(unsent, strangers)


def _is_missing(key: Key, lock: UUID, held: Mapping[UUID, Validity], now: datetime) -> bool:
    if key.door.lock != lock or not key.live or now >= key.validity.valid_until:
        return False
    return key.state is KeyState.ISSUED or held.get(key.id) != key.validity


def _is_stranger(key: Key | None, lock: UUID, now: datetime) -> bool:
    if key is None:
        return True
    return (not key.live or key.door.lock != lock) and key.is_settled(now)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A line of the entry log: a door opened, or stayed shut. It names a key and its booking, never a person."""

    id: UUID
    at: datetime
    door: Door
    refusal: Refusal | None
    key: UUID | None
    booking: UUID | None

    @property
    def outcome(self) -> Literal["opened", "refused"]:
        """What the person at the door saw."""
        return "refused" if self.refusal else "opened"

    def told(self) -> DoorOpened | DoorRefused:
        """The event that tells of it. Raises ValueError when a door opened for no key that is known."""
        if self.refusal is not None:
            return DoorRefused(
                lock=self.door.lock,
                space=self.door.space,
                square=self.door.square,
                reason=self.refusal,
                refused_at=self.at,
                key=self.key,
                booking=self.booking,
            )
        if self.key is None or self.booking is None:
            raise ValueError("a door opened for no key that is known")
        return DoorOpened(
            key=self.key,
            booking=self.booking,
            lock=self.door.lock,
            space=self.door.space,
            square=self.door.square,
            opened_at=self.at,
        )

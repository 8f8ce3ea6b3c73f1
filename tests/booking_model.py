"""What a booking's life should be, in memory and in few words: the yardstick that the stateful tests hold booking to.

Nothing of booking's own model or SQL is used here: who may have what is found by looking at every live booking and at
every instant at which something changes. Times are whole minutes after the first `now` of a test.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from tests.booking_house import NOISES, OWNED, Wish

DAY = 24 * 60
UNPRICED, HOLD, OFFER, LEAST, A_MOMENT = 120, 15, 120, 15, 1
PAYMENT = DAY
GRID = 15
WAITING = ("held", "awaiting_approval", "awaiting_payment")
LIVE = (*WAITING, "confirmed", "in_use")


@dataclass
class Known:
    """A booking as it should be. `steps` is its history, `told` what was emitted: what happened, and in which
    version."""

    wish: Wish
    setup: int
    clearing: int
    shared: bool
    approval: bool
    prepay: bool
    release_at: int | None
    deadline: int
    price_by: int
    answer_from: int | None = None
    offered_before: int | None = None
    payment_left: int | None = None
    state: str = "held"
    version: int = 1
    timed: int = 1
    price: int | None = None
    free_until: int | None = None
    steps: list[tuple[int, str]] = field(default_factory=list)
    told: list[tuple[str, str, int]] = field(default_factory=list)
    series: str | None = None
    moved_by_house: bool = False
    relocated: bool = False
    paid: int | None = None
    """What was paid for where it was confirmed, while its tenant has moved it and its new price is not known."""

    @property
    def live(self) -> bool:
        """Whether it takes its space."""
        return self.state in LIVE

    @property
    def taken(self) -> tuple[int, int]:
        """From when until when it keeps others out."""
        return self.wish.begin - self.setup, self.wish.end + self.clearing

    def stale(self, now: int) -> bool:
        """Whether its deadline is over, and nobody has seen to it yet."""
        return self.state in WAITING and self.deadline <= now

    def go(self, state: str, *, versions: int = 1) -> None:
        """Takes a step that is told of."""
        self.state = state
        self.version += versions
        self.steps.append((self.version, state))
        self.told.append((state, state, self.version))


def meets(one: tuple[int, int], other: tuple[int, int]) -> bool:
    """Whether two spans have an instant in common."""
    return one[0] < other[1] and other[0] < one[1]


def fits(traits: Mapping[str, str], wish: Wish) -> bool:
    """Whether a wish has all these traits."""
    return all({"noise": wish.noise, "purpose": wish.purpose}.get(name) == value for name, value in traits.items())


def kept_apart(one: Wish, other: Wish) -> bool:
    """Whether these two may not be in one shared space at once."""
    return any((fits(a, one) and fits(b, other)) or (fits(b, one) and fits(a, other)) for a, b in one.place.apart)


@dataclass
class Closed:
    """Parts that are closed for a time, as a space or (None) all of the house, unless that was lifted."""

    parts: frozenset[str]
    begin: int
    end: int
    space: str | None = None
    version: int = 1
    lifted: bool = False

    def hits(self, booking: Known) -> bool:
        """Whether a booking takes some of what is closed."""
        return bool(self.parts & booking.wish.place.parts) and meets((self.begin, self.end), booking.taken)

    def same(self, other: "Closed") -> bool:
        """Whether the other would be the same again."""
        return not self.lifted and (self.space, self.begin, self.end) == (other.space, other.begin, other.end)


@dataclass
class Waits:
    """Somebody who waits for `minutes` from the beginning to the end of a wish."""

    wish: Wish
    minutes: int
    joined: int
    state: str = "waiting"
    booking: str | None = None

    @property
    def exact(self) -> bool:
        """Whether it is for no other time."""
        return self.wish.end - self.wish.begin == self.minutes

    def is_for(self, left: "Known | Closed") -> bool:
        """Whether it waits for some of what somebody has."""
        place = self.wish.place
        span = (self.wish.begin - place.setup, self.wish.end + place.clearing)
        if isinstance(left, Closed):
            same, taken = bool(left.parts & place.parts), (left.begin, left.end)
        else:
            kinds = set(left.wish.equipment) & set(self.wish.equipment)
            same, taken = bool(left.wish.place.parts & place.parts or kinds), left.taken
        return self.state == "waiting" and same and meets(span, taken)


class House:
    """All bookings by name, and what becomes of them. Each method returns the code of the refusal, or None."""

    def __init__(self) -> None:
        self.now = 0
        self.all: dict[str, Known] = {}
        self.closed: dict[str, Closed] = {}
        self.line: dict[str, Waits] = {}

    def refusal_of_rules(self, wish: Wish, *, had: Wish | None = None, by_house: bool = False) -> str | None:
        """The first rule of the space that is broken. What only grows smaller than it `had`, or is moved by the house,
        need not keep its notice; nor does what grows smaller have to keep what it broke before, as imports may."""
        place = wish.place
        soon = [
            ("in_the_past", wish.begin < self.now),
            ("too_short_notice", not by_house and wish.begin < self.now + place.notice),
        ]
        before = {} if had is None else dict(_of_use(had))
        rules = [each for each in _of_use(wish) if not before.get(each[0])]
        every = rules if had is not None else [soon[0], *rules[:3], soon[1], *rules[3:]]
        return next((code for code, broken in every if broken), None)

    def refusal_of_others(self, wanted: Known, *besides: str | None) -> str | None:
        """Which of those who are there is in the way."""
        others = self.others(wanted, *besides)
        return self.slot_taken(wanted, others) or _first(
            no_room=no_room(wanted, others), equipment_lent=over_lent(wanted, others)
        )

    def others(self, wanted: Known, *besides: str | None) -> list[Known]:
        """Those who have something at the same time. Whose deadline is over is not in the way."""
        return [
            each
            for name, each in self.all.items()
            if name not in besides and each.live and not self.makes_way(each) and meets(each.taken, wanted.taken)
        ]

    def makes_way(self, known: Known) -> bool:
        """Whether it makes way for whoever comes: its deadline is over, and nobody waits for what it has."""
        return known.stale(self.now) and not any(each.is_for(known) for each in self.line.values())

    def slot_taken(self, wanted: Known, others: Sequence[Known]) -> str | None:
        """Whether some of its space is another's alone, or closed."""
        closed = any(each.hits(wanted) for each in self.closed.values() if not each.lifted)
        alone = [each for each in near(wanted, others) if not (wanted.shared and each.shared)]
        return _first(space_closed=closed, slot_taken=bool(alone))

    def hold(self, name: str, wish: Wish) -> str | None:
        """Somebody asks for a space."""
        new = self.wanted(wish)
        refused = self.refusal_of_rules(wish) or self.refusal_of_others(new)
        if refused is None:
            self.clear_away(new)
            self.held(name, new)
        return refused

    def wanted(self, wish: Wish) -> Known:
        """What would be there if it were held now."""
        return Known(wish, *_where(wish), deadline=self.unpriced(wish), price_by=self.now + UNPRICED)

    def unpriced(self, wish: Wish, price_by: int | None = None) -> int:
        """Until when it is kept without a price, if it is made or moved now."""
        return min(self.now + UNPRICED if price_by is None else price_by, max(wish.begin, self.now + A_MOMENT))

    def held(self, name: str, new: Known) -> None:
        """It is there."""
        new.told.append(("held", "held", 1))
        self.all[name] = new

    def price(self, name: str, total: int, free_until: int | None, of_version: int) -> None:
        """Pricing tells what it costs."""
        known = self.all[name]
        if known.live and of_version >= known.timed:
            paid, known.paid = known.paid, None
            known.price, known.free_until = total, free_until
            if known.state == "confirmed" and known.prepay and paid is not None and total > paid:
                self.settle(known)
                return
            if known.state == "awaiting_payment" and total == 0:
                known.go("confirmed")  # nothing is left to pay
                return
            known.version += 1
            if known.state == "held" and known.wish.at_once and self.now < known.deadline:
                self.accept(known)
            elif known.series is None or known.offered_before is not None:
                self.answer(known)
        self.answer_as_one(known.series)

    def answer_as_one(self, series: str | None) -> None:
        """The dates of a series can be confirmed once none of them waits for its price."""
        held = [
            each
            for each in self.all.values()
            if series is not None
            and (each.series, each.state, each.offered_before) == (series, "held", None)
            and not each.stale(self.now)
        ]
        if all(each.price is not None for each in held):
            for each in held:
                self.answer(each)

    def answer(self, known: Known) -> None:
        """It can be confirmed from now on, for so long."""
        if known.state != "held" or known.answer_from is not None or known.stale(self.now):
            return
        known.answer_from, begin, before = self.now, known.wish.begin, known.offered_before
        if before is None:
            until, latest = self.now + HOLD, known.price_by + HOLD
        else:
            until = max(min(self.now + OFFER, before), min(self.now + LEAST, begin))
            latest = known.price_by + OFFER
        known.deadline = min(until, latest)

    def confirm(self, name: str) -> str | None:
        """Its tenant takes it."""
        known = self.all[name]
        refused = _first(
            not_held=known.state != "held", not_priced=known.price is None, hold_expired=known.deadline <= self.now
        )
        if refused is None:
            self.accept(known)
        return refused

    def approve(self, name: str, *, yes: bool) -> str | None:
        """A manager says yes, or no."""
        known = self.all[name]
        awaits, late = known.state == "awaiting_approval", known.deadline <= self.now
        refused = _first(not_awaiting_approval=not awaits, hold_expired=late)
        if refused is None and yes:
            self.settle(known)
        elif refused is None:
            known.go("declined")
        return refused

    def pay(self, name: str, of_version: int) -> None:
        """Pricing tells that what it cost as of a version is paid."""
        if self.all[name].state == "awaiting_payment" and of_version >= self.all[name].timed:
            self.all[name].payment_left = None
            self.all[name].go("confirmed")

    def cancel(self, name: str) -> str | None:
        """It is given up."""
        refused = self.unchangeable(self.all[name])
        if refused is None:
            self.all[name].go("cancelled")
        return refused

    def move(self, name: str, wish: Wish, *, by_house: bool) -> str | None:
        """It is to be elsewhere, at another time, or smaller."""
        known = self.all[name]
        moved, less = elsewhere(known, wish), smaller(known, wish)
        refused = self.refusal_to_move(known, wish, by_house=by_house) or self.refusal_of_others(moved, name)
        if refused is None:
            if not less:
                self.clear_away(moved, name)
            self.all[name] = self.moved(moved, by_house=by_house, smaller=less)
        return refused

    def refusal_to_move(self, known: Known, wish: Wish, *, by_house: bool) -> str | None:
        """The first rule that keeps it where it is."""
        limit = known.free_until
        if limit is not None and known.moved_by_house:
            limit = max(limit, known.wish.begin)
        late = limit is not None and limit < self.now and known.state == "confirmed"
        return (
            self.unchangeable(known)
            or _first(hold_expired=known.stale(self.now), too_late_to_move=late and not by_house)
            or self.refusal_of_rules(wish, had=known.wish if smaller(known, wish) else None, by_house=by_house)
        )

    def open_door(self, name: str) -> None:
        """Somebody opens its door with their key."""
        if self.all[name].state == "confirmed":
            self.all[name].go("in_use")

    def end_early(self, name: str) -> str | None:
        """Those who were there have left."""
        refused = self.refusal_to_end(self.all[name])
        if refused is None:
            self.all[name].go("completed")
        return refused

    def refusal_to_end(self, known: Known) -> str | None:
        """Why it can't be ended early."""
        under_way = known.state == "in_use" or (known.state == "confirmed" and known.wish.begin <= self.now)
        return _first(not_in_use=not under_way, already_over=known.wish.end <= self.now)

    def nobody_came(self, name: str) -> None:
        """Access tells that its door stayed shut until the time set for that."""
        known = self.all[name]
        released = known.release_at is not None and known.release_at <= self.now < known.wish.end
        if known.state == "confirmed" and released:
            known.go("released")

    def expire(self) -> None:
        """The worker gives up whose deadline is over."""
        for known in self.all.values():
            if known.stale(self.now):
                known.go("expired")

    def complete(self) -> None:
        """The worker completes what is over."""
        for known in self.all.values():
            if known.state in ("confirmed", "in_use") and known.wish.end <= self.now:
                known.go("completed")

    def accept(self, known: Known) -> None:
        """Its tenant takes it at its price."""
        known.moved_by_house = False
        if known.approval:
            known.deadline = known.wish.begin
            known.go("awaiting_approval")
        else:
            self.settle(known)

    def settle(self, known: Known) -> None:
        """Nothing more is to be decided."""
        if known.prepay and known.price:
            left = PAYMENT if known.payment_left is None else max(known.payment_left, HOLD)
            known.deadline = min(self.now + left, known.wish.begin)
            known.go("awaiting_payment")
        else:
            known.go("confirmed")

    def unchangeable(self, known: Known) -> str | None:
        """Why it can't be given up or moved."""
        return _first(
            not_live=not known.live,
            already_over=known.wish.end <= self.now,
            already_begun=known.state == "in_use",
        )

    def moved(self, known: Known, *, by_house: bool, smaller: bool = False) -> Known:
        """It is there now, where it was not before; or it has less than before, and nothing is decided again."""
        known.version += 1
        known.timed = known.version
        known.moved_by_house = by_house and (known.relocated or known.moved_by_house)
        known.paid = None if by_house else known.paid
        if known.state == "awaiting_payment":
            known.payment_left = known.deadline - self.now
        nothing_to_pay = known.state == "awaiting_payment" and not known.prepay
        decided = not by_house and not smaller and not known.approval
        if decided and (known.state == "awaiting_approval" or nothing_to_pay):
            known.state, known.wish = "held", replace(known.wish, at_once=True)
        if known.state == "held":
            known.price = known.free_until = known.answer_from = None
            known.deadline = self.unpriced(known.wish, max(known.price_by, known.deadline))
            kept = known.offered_before is not None and (smaller or by_house)
            known.offered_before = known.wish.begin - known.wish.place.notice if kept else None
        elif known.state == "awaiting_approval" or (known.approval and not by_house and not smaller):
            known.state, known.deadline = "awaiting_approval", known.wish.begin
        elif known.state == "awaiting_payment":
            known.deadline = min(known.deadline, known.wish.begin)
        known.steps.append((known.version, "rescheduled"))
        known.told.append(("rescheduled", known.state, known.version))
        return known

    def clear_away(self, new: Known, *besides: str) -> None:
        """Whose deadline is over makes way when somebody else comes."""
        for name, each in self.all.items():
            if name not in besides and self.makes_way(each) and meets(each.taken, new.taken):
                same_part = each.wish.place.parts & new.wish.place.parts
                if same_part or set(each.wish.equipment) & set(new.wish.equipment):
                    each.go("expired")


def _of_use(wish: Wish) -> list[tuple[str, bool]]:
    """The rules that hold whenever it is, in their order, and whether they are broken."""
    place, length = wish.place, wish.end - wish.begin
    return [
        ("off_grid", bool(wish.begin % GRID or wish.end % GRID)),
        ("too_short", length < 30),
        ("too_long", length > place.longest),
        ("too_many_participants", wish.people > place.capacity),
        ("too_loud", NOISES.index(wish.noise) > NOISES.index(place.noise)),
    ]


def _where(wish: Wish) -> tuple[int, int, bool, bool, bool, int | None]:
    place = wish.place
    release = None if place.release is None else wish.begin + place.release
    return place.setup, place.clearing, place.shared, place.approval, place.prepay, release


def smaller(known: Known, new: Wish) -> bool:
    """Whether a booking would have no more than it has: of time, people, chairs and noise. Where it shares its space,
    the same noise, as others may not go with another."""
    old = known.wish
    within = old.begin <= new.begin < new.end <= old.end
    less_noise = NOISES.index(new.noise) < NOISES.index(old.noise) and not known.shared
    no_more = all(pieces <= old.equipment.get(kind, 0) for kind, pieces in new.equipment.items())
    same = (new.space, new.purpose) == (old.space, old.purpose) and (new.noise == old.noise or less_noise)
    return same and within and new.people <= old.people and no_more


def _first(**refusals: bool) -> str | None:
    return next((code for code, refused in refusals.items() if refused), None)


def elsewhere(known: Known, wish: Wish) -> Known:
    """What a booking would be at another time or place, its history the same."""
    old = known.wish
    relocated = (old.space, old.begin, old.end) != (wish.space, wish.begin, wish.end)
    moved = replace(known, wish=wish, steps=known.steps, told=known.told, relocated=relocated)
    if known.state == "confirmed" and known.paid is None:
        moved.paid = (known.price or 0) if known.prepay else 0
    moved.setup, moved.clearing, moved.shared, moved.approval, moved.prepay, moved.release_at = _where(wish)
    return moved


def near(wanted: Known, others: Sequence[Known]) -> list[Known]:
    """Those who have some of the same parts."""
    return [each for each in others if each.wish.place.parts & wanted.wish.place.parts]


def no_room(wanted: Known, others: Sequence[Known]) -> bool:
    """Whether those who share its space leave it no room."""
    return wanted.shared and _crowded(wanted, [each for each in near(wanted, others) if each.shared])


def _crowded(wanted: Known, others: Sequence[Known]) -> bool:
    place = wanted.wish.place
    if any(kept_apart(wanted.wish, each.wish) for each in others):
        return True
    for at in instants([wanted, *others]):
        there = [each for each in others if each.taken[0] <= at < each.taken[1]]
        if wanted.taken[0] <= at < wanted.taken[1]:
            people = wanted.wish.people + sum(each.wish.people for each in there)
            if people > place.capacity or len(there) + 1 > place.groups:
                return True
    return False


def over_lent(wanted: Known, others: Sequence[Known]) -> bool:
    """Whether those who are there at the same time have borrowed what it wants."""
    for at in instants([wanted, *others]):
        if wanted.taken[0] <= at < wanted.taken[1]:
            there = [each.wish.equipment for each in others if each.taken[0] <= at < each.taken[1]]
            for kind, pieces in wanted.wish.equipment.items():
                if pieces + sum(lent.get(kind, 0) for lent in there) > OWNED[kind]:
                    return True
    return False


def instants(bookings: Iterable[Known]) -> list[int]:
    """When anything changes."""
    return sorted({each.taken[0] for each in bookings} | {each.taken[1] for each in bookings})

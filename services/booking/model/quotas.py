"""Fair use: how much of a group of spaces an actor may have. Limits are published, and count bookings as they are.

A quota is for each actor of a category, or for one actor, whose own then stands instead of its category's while it is
valid. Hours are counted by the minute: what lies in a week (Monday to Sunday by the clock on the wall), in prime time,
and within the quota's validity. So a booking across midnight on a Sunday counts on both sides of it, and a night when
the clock changes has the hours that pass.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import ClassVar, Literal
from uuid import UUID

from kernel.contracts import utc_text
from kernel.errors import DomainError, Text
from services.booking.events import TenantKind
from services.booking.model.minutes import Span, minutes, within, without
from services.booking.model.minutes import prime as prime_time
from services.booking.model.opening import OSLO, Hours, instant
from services.booking.model.places import Place
from services.booking.model.rules import Bookable

WEEK = timedelta(days=7)
LOOK_AHEAD = 53 * WEEK
"""How far a refusal looks for a week with room."""

FOR_EVER = datetime.max.replace(tzinfo=UTC)

Limit = Literal["week_minutes", "prime_week_minutes", "open_bookings"]
Week = date
"""A week, by its Monday."""


class InvalidQuota(DomainError):
    """The quota limits nothing, limits prime time where there is none, is for nobody, or ends before it begins."""

    code = "invalid_quota"
    text = Text(
        nb="Kvoten må begrense noe, gjelde enten en kategori eller én aktør, og slutte etter at den begynner. "
        "Primetid kan bare begrenses der gruppa har det.",
        nn="Kvoten må avgrense noko, gjelde anten ein kategori eller éin aktør, og slutte etter at han byrjar. "
        "Primetid kan berre avgrensast der gruppa har det.",
        en="The quota must limit something, be for either a category or one actor, and end after it begins. "
        "Prime time can be limited only where the group has some.",
    )


class UnknownGroup(DomainError):
    """There is no group of spaces of this id."""

    code = "unknown_space_group"
    text = Text(
        nb="Gruppa {group} finnes ikke.",
        nn="Gruppa {group} finst ikkje.",
        en="There is no group {group}.",
    )


class UnknownOrganisation(DomainError):
    """There is no organisation of this id; a quota for one actor is for an organisation, as it is published."""

    code = "unknown_organisation"
    text = Text(
        nb="Organisasjonen finnes ikke. En kvote for én aktør gjelder en organisasjon.",
        nn="Organisasjonen finst ikkje. Ein kvote for éin aktør gjeld ein organisasjon.",
        en="There is no such organisation. A quota for one actor is for an organisation.",
    )


class QuotaExceeded(DomainError):
    """More than a quota allows. The fields tell which, its limit, what is used, what was asked for (minutes, or
    bookings), and when the same would fit: `frees_at`, null if never."""

    code = "quota_exceeded"
    status = 409
    text = Text(
        nb="Kvoten {quota} tillater {limit}; {used} er brukt, og dette er {asked} til. Plass igjen: {frees}.",
        nn="Kvoten {quota} tillèt {limit}; {used} er brukt, og dette er {asked} til. Plass igjen: {frees}.",
        en="The quota {quota} allows {limit}; {used} is used, and this is {asked} more. Room again: {frees}.",
    )


class UsedUpBySeries(QuotaExceeded):
    """A date of a series for which those before it leave no room in a quota."""

    text = Text(
        nb="Kvoten {quota} tillater {limit}; {used} er brukt når datoene før er regnet med, og denne er {asked} til.",
        nn="Kvoten {quota} tillèt {limit}; {used} er brukt når datoane før er rekna med, og denne er {asked} til.",
        en="The quota {quota} allows {limit}; {used} is used with the dates before, and this is {asked} more.",
    )


class WeekUsedUp(QuotaExceeded):
    """Too many minutes in a week."""

    text = Text(
        nb="Kvoten {quota} tillater {limit} minutter i uka fra {week}; {used} er brukt, og dette er {asked} til. "
        "Plass igjen: {frees}.",
        nn="Kvoten {quota} tillèt {limit} minutt i veka frå {week}; {used} er brukte, og dette er {asked} til. "
        "Plass igjen: {frees}.",
        en="The quota {quota} allows {limit} minutes in the week from {week}; {used} are used, and this is {asked} "
        "more. Room again: {frees}.",
    )


class PrimeTimeUsedUp(QuotaExceeded):
    """Too many minutes of prime time in a week."""

    text = Text(
        nb="Kvoten {quota} tillater {limit} minutter primetid i uka fra {week}; {used} er brukt, og dette er {asked} "
        "til. Plass igjen: {frees}.",
        nn="Kvoten {quota} tillèt {limit} minutt primetid i veka frå {week}; {used} er brukte, og dette er {asked} "
        "til. Plass igjen: {frees}.",
        en="The quota {quota} allows {limit} minutes of prime time in the week from {week}; {used} are used, and this "
        "is {asked} more. Room again: {frees}.",
    )


class TooManyOpen(QuotaExceeded):
    """Too many bookings that are not over."""

    text = Text(
        nb="Kvoten {quota} tillater {limit} bookinger om gangen; du har {used}, og dette er {asked} til. "
        "Plass igjen: {frees}.",
        nn="Kvoten {quota} tillèt {limit} bookingar om gongen; du har {used}, og dette er {asked} til. "
        "Plass igjen: {frees}.",
        en="The quota {quota} allows {limit} bookings at a time; you have {used}, and this is {asked} more. "
        "Room again: {frees}.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class SpaceGroup:
    """Spaces that quotas speak of together, and their weekly prime time."""

    id: str
    version: int
    name: Text
    places: Sequence[Place]
    prime: Sequence[Hours]


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """A limit for each actor of a category, or for one. Valid from the first moment of `valid_from` to the last of
    `valid_until`, in local days; None: until further notice."""

    id: str
    version: int
    name: Text
    group: SpaceGroup
    category: TenantKind | None
    actor: UUID | None
    week_minutes: int | None
    prime_week_minutes: int | None
    open_bookings: int | None
    no_show_gives_back: bool = False
    """Whether what was released because nobody came counts no more."""
    valid_from: date
    valid_until: date | None

    def check(self) -> None:
        """Raises InvalidQuota."""
        limits = (self.week_minutes, self.prime_week_minutes, self.open_bookings)
        ends_too_soon = self.valid_until is not None and self.valid_until < self.valid_from
        prime_without = self.prime_week_minutes is not None and not self.group.prime
        nobodys = (self.category is None) == (self.actor is None)
        if nobodys or ends_too_soon or prime_without or all(limit is None for limit in limits):
            raise InvalidQuota

    @property
    def valid(self) -> Span:
        """From when until when."""
        ends = instant(self.valid_until + timedelta(days=1), 0) if self.valid_until else FOR_EVER
        return instant(self.valid_from, 0), ends


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A quota as it stands for an actor: in these times, which are its validity without that of the actor's own."""

    quota: Quota
    during: Sequence[Span]

    def at(self, moment: datetime) -> bool:
        """Whether it stands then."""
        return any(begin <= moment < end for begin, end in self.during)

    def minutes_by_week(self, spans: Iterable[Span], *, prime: bool) -> Counter[Week]:
        """The minutes of these times that count, by week. Part of a minute is one."""
        counted: Counter[Week] = Counter()
        for span in spans:
            for valid in self.during:
                for week, part in _weeks(within(span, valid)):
                    counted[week] += minutes(prime_time(part, self.quota.group.prime) if prime else [part])
        return counted


@dataclass(frozen=True, slots=True, kw_only=True)
class Booked:
    """A booking that the actor has in the group. One that is `replaced` is given up for what is asked."""

    begins_at: datetime
    ends_at: datetime
    open: bool
    replaced: bool = False

    @property
    def span(self) -> Span:
        return self.begins_at, self.ends_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A booking that is asked for, and the place with the ids of the quotas that may bind there."""

    place: Bookable
    begins_at: datetime
    ends_at: datetime
    series: bool = False
    """Whether it is a date of a series."""

    @property
    def span(self) -> Span:
        return self.begins_at, self.ends_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Shortfall:
    """What is asked for, and no longer there: in this week, or of open bookings."""

    ERRORS: ClassVar[dict[Limit, type[QuotaExceeded]]] = {
        "week_minutes": WeekUsedUp,
        "prime_week_minutes": PrimeTimeUsedUp,
        "open_bookings": TooManyOpen,
    }

    standing: Standing
    kind: Limit
    limit: int
    used: int
    asked: int
    first: datetime
    """When the first of what is asked for begins that there is no room for."""
    week: Week | None = None

    def error(self, frees_at: datetime | None) -> QuotaExceeded:
        """What the caller is told."""
        return self.ERRORS[self.kind](
            quota=self.standing.quota.id,
            limited=self.kind,
            limit=self.limit,
            used=self.used,
            asked=self.asked,
            week=self.week.isoformat() if self.week else None,
            first=utc_text(self.first),
            frees_at=utc_text(frees_at) if frees_at else None,
            frees=f"{frees_at.astimezone(OSLO):%Y-%m-%d %H:%M}" if frees_at else "–",
        )

    def of_date(self) -> UsedUpBySeries:
        """What is told of a date of a series: when it frees hangs on its other dates."""
        return UsedUpBySeries(
            quota=self.standing.quota.id,
            limited=self.kind,
            limit=self.limit,
            used=self.used,
            asked=self.asked,
            first=utc_text(self.first),
        )


def standing_for(actor: UUID, quotas: Sequence[Quota]) -> list[Standing]:
    """The quotas as they stand for an actor. One of their own takes its category's place in the same group while it is
    valid."""
    own: dict[str, list[Span]] = {}
    for quota in quotas:
        if quota.actor == actor:
            own.setdefault(quota.group.id, []).append(quota.valid)
    return [
        Standing(quota=each, during=without(each.valid, [] if each.actor else own.get(each.group.id, ())))
        for each in quotas
    ]


def shortfall(
    standing: Standing, booked: Sequence[Booked], asked: Sequence[Span], *, now: datetime
) -> Shortfall | None:
    """The first limit that what is asked for would pass. Whoever is over it already may still ask for no more than what
    is given up for it."""
    quota = standing.quota
    in_week = _short_week(standing, "week_minutes", quota.week_minutes, booked, asked)
    if found := in_week or _short_week(standing, "prime_week_minutes", quota.prime_week_minutes, booked, asked):
        return found
    if quota.open_bookings is None or not standing.at(now):
        return None
    live = [each for each in booked if each.open and each.ends_at > now]
    used = sum(not each.replaced for each in live)
    new = sorted(begins_at for begins_at, ends_at in asked if ends_at > now)
    room = max(quota.open_bookings, len(live)) - used
    if len(new) <= room:
        return None
    return Shortfall(
        standing=standing,
        kind="open_bookings",
        limit=quota.open_bookings,
        used=used,
        asked=len(new),
        first=new[max(room, 0)],
    )


def _short_week(
    standing: Standing, kind: Limit, limit: int | None, booked: Sequence[Booked], asked: Sequence[Span]
) -> Shortfall | None:
    if limit is None:
        return None
    prime = kind == "prime_week_minutes"
    new = standing.minutes_by_week(asked, prime=prime)
    used = standing.minutes_by_week([each.span for each in booked if not each.replaced], prime=prime)
    given_up = standing.minutes_by_week([each.span for each in booked if each.replaced], prime=prime)
    for week in sorted(new):
        room = max(limit - used[week], given_up[week])
        if new[week] > room:
            first = _first_beyond(standing, asked, week, room, prime=prime)
            return Shortfall(
                standing=standing, kind=kind, limit=limit, used=used[week], asked=new[week], first=first, week=week
            )
    return None


def _first_beyond(standing: Standing, asked: Iterable[Span], week: Week, room: int, *, prime: bool) -> datetime:
    """When the first of these begins that, with those before it, is more than there is room for in a week."""
    counted = 0
    for span in sorted(asked):
        counted += standing.minutes_by_week([span], prime=prime)[week]
        if counted > room:
            break
    return span[0]


def week_of(at: datetime) -> Week:
    """The local week of a moment, by its Monday."""
    day = at.astimezone(OSLO).date()
    return day - timedelta(days=day.weekday())


def span_of_week(week: Week) -> Span:
    """From a Monday's midnight to the next one's."""
    return instant(week, 0), instant(week + WEEK, 0)


def whole_weeks(spans: Collection[Span]) -> Span:
    """All of the weeks that these times lie in."""
    first, last = min(begin for begin, _ in spans), max(end for _, end in spans)
    return span_of_week(week_of(first))[0], span_of_week(week_of(last))[1]


def _weeks(span: Span) -> Iterator[tuple[Week, Span]]:
    """The span cut where weeks change; nothing of one that is empty."""
    begin, end = span
    while begin < end:
        week = week_of(begin)
        cut = min(end, span_of_week(week)[1])
        yield week, (begin, cut)
        begin = cut

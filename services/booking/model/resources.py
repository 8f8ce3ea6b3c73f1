"""What can be booked: a square, its arenas, and in each a tree of spaces.

A booking takes the smallest parts of its space, so a hall and its thirds can't be taken at the same time. What the
parts of a space are follows from the tree alone: those below it that are not divided further, or the space itself. A
joint space is made of others, wherever in the square they lie, and has their parts.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from kernel.errors import DomainError, Text
from services.booking.events import SpacePublished
from services.booking.model.opening import Hours
from services.booking.model.rules import BookingRules, InvalidRules
from services.booking.model.sharing import SharedButDivided, Sharing


class RepeatedId(DomainError):
    """Two arenas, or two spaces, of the tree have the same id."""

    code = "repeated_id"
    text = Text(
        nb="Id-en {id} er brukt mer enn én gang.",
        nn="Id-en {id} er brukt meir enn éin gong.",
        en="The id {id} is used more than once.",
    )


class IdElsewhere(DomainError):
    """An arena of this id belongs to another square, or a space or equipment to another arena; it can't be moved."""

    code = "id_elsewhere"
    status = 409
    text = Text(
        nb="Id-en {id} hører til et annet sted.",
        nn="Id-en {id} høyrer til ein annan stad.",
        en="The id {id} belongs elsewhere.",
    )


class SpaceInUse(DomainError):
    """A space that is left out of the tree has bookings to come. `fields.bookings` names the first of them."""

    code = "space_in_use"
    status = 409
    text = Text(
        nb="Lokalet {space} har kommende bookinger, og kan ikke fjernes.",
        nn="Lokalet {space} har komande bookingar, og kan ikkje fjernast.",
        en="The space {space} has bookings to come and can't be removed.",
    )


class DivisionClashes(DomainError):
    """Divided this way, bookings that are already made would overlap."""

    code = "division_clashes"
    status = 409
    text = Text(
        nb="Delt slik ville bookinger som alt er gjort, overlappe hverandre.",
        nn="Delt slik ville bookingar som alt er gjorde, overlappe kvarandre.",
        en="Divided this way, bookings already made would overlap.",
    )


class UnknownSpace(DomainError):
    """There is no space of this id that can be booked."""

    code = "unknown_space"
    text = Text(
        nb="Lokalet {space} finnes ikke.",
        nn="Lokalet {space} finst ikkje.",
        en="There is no space {space}.",
    )


class JoinedOfNothing(DomainError):
    """A joint space is made of spaces of its square which are not joint themselves, and is not divided."""

    code = "joined_of_nothing"
    text = Text(
        nb="Lokalet {space} kan ikke settes sammen av {joined}.",
        nn="Lokalet {space} kan ikkje setjast saman av {joined}.",
        en="The space {space} can't be joined of {joined}.",
    )


class EquipmentInUse(DomainError):
    """The equipment is lent still, so it can't be withdrawn. Fewer pieces are told of as clashes."""

    code = "equipment_in_use"
    status = 409
    text = Text(
        nb="Noe av {equipment} er lånt ut, så det kan ikke tas bort ennå.",
        nn="Noko av {equipment} er lånt ut, så det kan ikkje takast bort enno.",
        en="Some of {equipment} is lent, so it can't be taken away yet.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Space:
    """A space and those it is divided into, or (`joins`) made of.

    `area` is square metres; `premises` the class prices are given for; `noise` the loudest that is allowed; `sharing`
    None where there is one booking at a time; `features` and `pictures` are codes and addresses.
    """

    id: str
    name: Text
    premises: str
    capacity: int
    area: float
    rules: BookingRules
    spaces: Sequence["Space"] = ()
    joins: Sequence[str] = ()
    sharing: Sharing | None = None
    features: Sequence[str] = ()
    floor: int = 0
    noise: str = "loud"
    pictures: Sequence[str] = ()

    def parts(self) -> Iterator[str]:
        """The ids of its smallest parts."""
        if not self.spaces:
            yield self.id
        for each in self.spaces:
            yield from each.parts()


@dataclass(frozen=True, slots=True, kw_only=True)
class Equipment:
    """Something lent with the spaces of an arena, and how many pieces there are."""

    id: str
    name: Text
    pieces: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Arena:
    """A building or place, its weekly hours, the spaces in it, and what can be borrowed there."""

    id: str
    name: Text
    hours: Sequence[Hours]
    spaces: Sequence[Space]
    equipment: Sequence[Equipment] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Square:
    """One of the municipality's squares with all its arenas."""

    id: str
    name: Text
    arenas: Sequence[Arena]

    def placed(self) -> Iterator["Placed"]:
        """Every space of the square, each after the one it is a part of."""
        for arena in self.arenas:
            for space in arena.spaces:
                yield from _placed(self, arena, space, None)

    def parts(self) -> dict[str, list[str]]:
        """The ids of the smallest parts of each of its spaces, by the space's id."""
        divided = {each.space.id: list(each.space.parts()) for each in self.placed()}
        joint = {each.space.id: each.space.joins for each in self.placed() if each.space.joins}
        made_of = {space: {part for each in joins for part in divided[each]} for space, joins in joint.items()}
        return divided | {space: sorted(parts) for space, parts in made_of.items()}

    def check(self) -> None:
        """Raises the error of the first thing that makes the tree impossible."""
        _refuse_repeated([arena.id for arena in self.arenas])
        _refuse_repeated([each.id for arena in self.arenas for each in arena.equipment])
        placed = list(self.placed())
        _refuse_repeated([each.space.id for each in placed])
        spaces = {each.space.id: each.space for each in placed}
        for each in spaces.values():
            _check_space(each, spaces)


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A space where it stands in the tree."""

    square: Square
    arena: Arena
    parent: str | None
    space: Space

    def published(self) -> SpacePublished:
        """The space as the other services get to know it. Names are in Bokmål."""
        return SpacePublished(
            space=self.space.id,
            space_name=self.space.name.nb,
            arena=self.arena.id,
            arena_name=self.arena.name.nb,
            square=self.square.id,
            square_name=self.square.name.nb,
            premises=self.space.premises,
            capacity=self.space.capacity,
            area=self.space.area,
            parts=self._parts(),
            shared=self.space.sharing is not None,
        )

    def _parts(self) -> list[str]:
        if self.space.joins:
            return sorted(self.square.parts()[self.space.id])
        return sorted(self.space.parts())


def _placed(square: Square, arena: Arena, space: Space, parent: str | None) -> Iterator[Placed]:
    yield Placed(square=square, arena=arena, parent=parent, space=space)
    for each in space.spaces:
        yield from _placed(square, arena, each, space.id)


def _check_space(space: Space, all_spaces: Mapping[str, Space]) -> None:
    if not space.rules.consistent():
        raise InvalidRules(space=space.id)
    if space.sharing and (space.spaces or space.joins):
        raise SharedButDivided(space=space.id)
    for joined in space.joins:
        other = all_spaces.get(joined)
        if other is None or other.joins or other.sharing or space.spaces or len(space.joins) < 2:
            raise JoinedOfNothing(space=space.id, joined=joined)


def _refuse_repeated(ids: Sequence[str]) -> None:
    for each, times in Counter(ids).items():
        if times > 1:
            raise RepeatedId(id=each)

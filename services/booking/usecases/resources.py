"""What can be booked, as operators write it: a square's whole tree at a time."""

from uuid import UUID

from kernel.db import Transaction
from services.booking.model.resources import IdElsewhere, Placed, SpaceInUse, Square
from services.booking.store import leaving, opening, trees
from services.booking.store.trees import Published
from services.booking.usecases import closures
from services.booking.usecases import opening as opening_usecases

SPACES_TOLD_AT_ONCE = 200
_MOST_NAMED = 100


def publish_square(tx: Transaction, square: Square, *, by: UUID | None = None) -> Square:
    """Makes the square what this tree says, keeps who said so, and tells of each space that is new or changed. The same
    tree again tells nothing."""
    square.check()
    before = trees.lock_published(tx, square.id)
    if (taken := trees.found_elsewhere(tx, square)) is not None:
        raise IdElsewhere(id=taken)
    placed = {each.space.id: each for each in square.placed()}
    if used := trees.booked_ahead(tx, before.keys() - placed.keys(), most=_MOST_NAMED):
        raise SpaceInUse(space=used[0][0], bookings=[str(booking) for _, booking in used])
    versions = {space: _version(each, before.get(space)) for space, each in placed.items()}
    hours_before = opening.of_square(tx, square.id)
    trees.save_square(tx, square, versions, by)
    opening_usecases.follow_tree(tx, square.id, hours_before)
    closures.follow_tree(tx, square.id)
    leaving.leave_spaces(tx, before.keys() - placed.keys())
    for space, each in placed.items():
        if space not in before or versions[space] > before[space].version:
            tx.emit(each.published(), subject=space, sequence=versions[space])
    return square


def tell_anew(tx: Transaction, *, most: int = SPACES_TOLD_AT_ONCE) -> None:
    """Tells again of spaces that were told by a release which told less of them."""
    for each in trees.tell_anew(tx, most=most):
        tx.emit(each.told, subject=each.told.space, sequence=each.version)


def _version(placed: Placed, before: Published | None) -> int:
    if before is None:
        return 1
    changed = before.withdrawn or before.told != placed.published() or before.edition < trees.EDITION
    return before.version + changed

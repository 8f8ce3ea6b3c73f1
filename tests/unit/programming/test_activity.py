"""An activity: how it changes, what its events tell, and what it is called when its title is not public."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from services.programming.events import ActivityScheduled, ActivityWithdrawn
from services.programming.model import (
    GENERIC_TITLES,
    Activity,
    ActivityIsWithdrawn,
    ActivityState,
    Plan,
    shown_title,
)

BEGINS_AT = datetime(2026, 12, 3, 17, 0, tzinfo=UTC)
PLAN = Plan(
    square="borgen",
    arena="borgen-innbyggertorg",
    space="borgen-storsal",
    begins_at=BEGINS_AT,
    ends_at=BEGINS_AT + timedelta(hours=2),
    purpose="culture",
    audience="youth",
    title=None,
)
ACTIVITY = Activity(id=UUID(int=1), booking=UUID(int=2), plan=PLAN)
OTHER = Plan(
    square="tofte",
    arena="tofte-bibliotek",
    space="tofte-fablab",
    begins_at=BEGINS_AT,
    ends_at=BEGINS_AT + timedelta(hours=3),
    purpose="course",
    audience="adults",
    title="Lær å lodde",
)


def test_a_changed_activity_has_the_next_version() -> None:
    changed = ACTIVITY.rescheduled(OTHER)
    assert (changed.plan, changed.state, changed.version) == (OTHER, ActivityState.SCHEDULED, 2)
    gone = changed.withdrawn()
    assert (gone.plan, gone.state, gone.version) == (OTHER, ActivityState.WITHDRAWN, 3)


def test_a_withdrawn_activity_does_not_come_back() -> None:
    gone = ACTIVITY.withdrawn()
    with pytest.raises(ActivityIsWithdrawn):
        gone.rescheduled(OTHER)
    with pytest.raises(ActivityIsWithdrawn):
        gone.withdrawn()


def test_after_a_restore_a_withdrawn_activity_may_come_back() -> None:
    waits = ACTIVITY.withdrawn().revived()
    assert (waits.state, waits.version) == (ActivityState.PAUSED, 3)
    assert waits.rescheduled(OTHER).state is ActivityState.SCHEDULED
    for other in (ACTIVITY, ACTIVITY.paused()):
        with pytest.raises(ValueError, match="not withdrawn"):
            other.revived()


@pytest.mark.parametrize("kind", [ActivityScheduled, ActivityWithdrawn])
def test_its_events_tell_the_whole_of_it(kind: type[ActivityScheduled]) -> None:
    assert ACTIVITY.told(kind) == kind(
        activity=UUID(int=1),
        booking=UUID(int=2),
        square="borgen",
        arena="borgen-innbyggertorg",
        space="borgen-storsal",
        begins_at=BEGINS_AT,
        ends_at=BEGINS_AT + timedelta(hours=2),
        purpose="culture",
        audience="youth",
        title=None,
    )


@pytest.mark.parametrize("language", ["nb", "nn", "en"])
def test_a_public_title_is_shown_as_it_is(language: str) -> None:
    assert shown_title("Korpsøving", "culture", language) == "Korpsøving"


@pytest.mark.parametrize(
    ("purpose", "nb", "nn", "en"),
    [
        ("sport", "Idrett", "Idrett", "Sports"),
        ("culture", "Kulturaktivitet", "Kulturaktivitet", "Cultural activity"),
        ("meeting", "Møte", "Møte", "Meeting"),
        ("course", "Kurs", "Kurs", "Course"),
        ("youth", "Ungdomsaktivitet", "Ungdomsaktivitet", "Youth activity"),
        ("volunteer", "Frivillig aktivitet", "Friviljug aktivitet", "Volunteer activity"),
        ("commercial", "Kommersielt arrangement", "Kommersielt arrangement", "Commercial event"),
        ("a purpose of next year", "Aktivitet", "Aktivitet", "Activity"),
    ],
)
def test_without_one_the_kind_of_activity_is_shown(purpose: str, nb: str, nn: str, en: str) -> None:
    shown = [shown_title(None, purpose, language) for language in ("nb", "nn", "en")]
    assert shown == [nb, nn, en]


def test_every_purpose_has_its_title() -> None:
    assert set(GENERIC_TITLES) == {"sport", "culture", "meeting", "course", "youth", "volunteer", "commercial"}

"""What each bench reads of what it measured, and the requests it makes."""

import json

import pytest

from bench import creating, footprint, searching
from bench.load import LoadFailed
from bench.torg import Wishes, square


class Asking:
    """A client, as far as `Wishes` looks at it."""

    number = 0


def body_of(request: bytes) -> dict[str, object]:
    wanted: dict[str, object] = json.loads(request.partition(b"\r\n\r\n")[2])
    return wanted


def test_no_two_wishes_are_for_the_same_space_and_time() -> None:
    wishes = Wishes(3, ["token"], confirm="by_me")
    asked = [body_of(wishes.next_for(Asking(), "http://127.0.0.1/bookings")) for _ in range(10)]  # type: ignore[arg-type]
    assert len({(each["space"], each["begins_at"]) for each in asked}) == 10
    assert [each["space"] for each in asked[:4]] == ["bench-0", "bench-1", "bench-2", "bench-0"]


def test_every_wish_has_a_key_of_its_own_and_its_clients_token() -> None:
    wishes = Wishes(3, ["token"], confirm="by_me")
    heads = [wishes.next_for(Asking(), "http://127.0.0.1/bookings").split(b"\r\n\r\n")[0] for _ in range(5)]  # type: ignore[arg-type]
    assert all(b"Authorization: Bearer token" in head for head in heads)
    keys = {line for head in heads for line in head.split(b"\r\n") if line.startswith(b"Idempotency-Key")}
    assert len(keys) == 5


def test_the_square_has_as_many_spaces_as_were_asked_for() -> None:
    (arena,) = square(7)["arenas"]
    assert len({space["id"] for space in arena["spaces"]}) == 7


@pytest.mark.parametrize(
    ("command", "part"),
    [
        (["/venv/bin/python", "-m", "cli.api", "booking"], "api"),
        (["/venv/bin/python", "-m", "cli.worker", "booking"], "worker"),
        (["/venv/bin/python", "-m", "cli.portal", "--port", "8000"], "portal"),
        (["/venv/bin/python", "-m", "bench.demonstration", "/tmp/x", "8000"], "the command itself"),
        (["postgres: checkpointer "], "PostgreSQL"),
        (["/x/bin/postgres", "-D", "/x/cli.api/data"], "PostgreSQL"),
    ],
)
def test_a_process_is_known_by_its_command(command: list[str], part: str) -> None:
    assert footprint.part_of(command) == part


@pytest.mark.parametrize(
    ("page", "cursor"),
    [('{"items":[],"next_cursor":null}', None), ('{"items": [{"a": 1}], "next_cursor": "WyJhIl0"}', "WyJhIl0")],
)
def test_the_cursor_of_a_page_is_found(page: str, cursor: str | None) -> None:
    assert searching.next_cursor(page) == cursor


def test_a_page_without_a_cursor_is_told() -> None:
    with pytest.raises(LoadFailed):
        searching.next_cursor('{"items":[]}')


def test_free_times_are_counted_over_all_pieces() -> None:
    told = [
        '{"free":[{"begins_at":"a","ends_at":"b"},{"begins_at":"c","ends_at":"d"}]}',
        '{"free":[{"begins_at":"e"}]}',
    ]
    assert searching.free_times(told) == 3


def test_a_round_costs_each_booking_its_share() -> None:
    spent = {"api": 1.0, "api-2": 3.0, "PostgreSQL": 2.0, "portal": 0.5}
    assert creating.shares(spent, 1000) == {"apis": 0.004, "PostgreSQL": 0.002}


def test_figures_are_of_rounds_measured_in_pairs() -> None:
    ours = [creating.Round(10, [0.1, 0.3], {"apis": 0.004}), creating.Round(20, [0.2], {"apis": 0.002})]
    bare = [creating.Round(100, [0.01], {"apis": 0.0}), creating.Round(100, [0.01], {"apis": 0.0})]
    found = creating.figures(8, list(zip(ours, bare, strict=True)))
    assert found["ratio"].median == pytest.approx(0.15)
    assert found["torg"]["milliseconds"] == {"p50": 200, "p95": 300, "p99": 300}
    assert found["torg"]["processor_milliseconds"]["apis"].median == 3

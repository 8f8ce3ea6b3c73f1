"""Sixteen clients want the same at the same moment, by HTTP, at two api processes: a slot, the last place in a shared
space, the last pieces of equipment, the dates of a series. Exactly as many get it as there is room for, in every
round."""

from base64 import b64encode
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from itertools import cycle
from threading import Barrier
from typing import Any

import httpx
import pytest

from cli.docs import DEFINITIONS
from cli.journey import whole_torg
from cli.sign_in import resident_token, token
from cli.stack import Stack
from kernel.clock import OSLO, SystemClock
from kernel.ids import new_id

CLIENTS = 16
ROUNDS = 100
HALL, PART = "borgen-storsal", "borgen-storsal-b"


@pytest.fixture(scope="module", params=["embedded", pytest.param("RabbitMQ", marks=pytest.mark.long)])
def stack(request: pytest.FixtureRequest, postgres: str) -> Iterator[Stack]:
    """One worker process on the embedded broker, or two for each service on RabbitMQ, with the service's own user."""
    limits = {"TORG_PERSON_OPEN_BOOKINGS": "100000", "TORG_PERSON_SERIES_DATES": "100000"}
    layout: dict[str, Any] = {"api_processes": 2, "environment": {"TORG_RATE_LIMIT_PER_MINUTE": "1000000", **limits}}
    broker = "memory://"
    if request.param == "RabbitMQ":
        node = request.getfixturevalue("rabbitmq_node")
        broker, layout["workers_each"] = node.url, 2
        layout["amqp_urls"] = node.set_up(DEFINITIONS)
    with whole_torg(broker, postgres, quiet=True, **layout) as (stack, _):
        yield stack


@pytest.fixture(scope="module")
def clients(stack: Stack) -> Iterator[list[httpx.Client]]:
    """One client for each of sixteen residents, half of them at each api process: those of one person would wait for
    each other before they meet at what they want."""
    persons = [resident_token(stack.issuer, stack.issuer_key_file, f"rival-{number}") for number in range(CLIENTS)]
    yield from _opened(stack, persons)


@pytest.fixture(scope="module")
def clients_of_one(stack: Stack) -> Iterator[list[httpx.Client]]:
    """Sixteen clients of one person."""
    yield from _opened(stack, [token(stack.issuer, "ola")] * CLIENTS)


def _opened(stack: Stack, bearers: list[str]) -> Iterator[list[httpx.Client]]:
    apis = cycle(stack.api_urls("booking"))
    opened = [
        httpx.Client(base_url=next(apis), headers={"Authorization": f"Bearer {bearer}"}, timeout=120)
        for bearer in bearers
    ]
    yield opened
    for client in opened:
        client.close()


@pytest.fixture(scope="module")
def lobby(stack: Stack) -> str:
    """A lobby shared by three groups and twenty people, with ten easels to borrow, and room for as many bookings of
    its own in four studios. The id of the square."""
    rules = {"grid_minutes": 15, "min_minutes": 15, "max_minutes": 480, "notice_minutes": 0, "horizon_days": 700}
    about = {"premises": "hall", "area": 100, **rules}
    always = [{"weekday": day, "opens": "00:00", "closes": "24:00"} for day in range(1, 8)]
    spaces = [
        {"id": "race-lobby", "name": three("Vrimleareal"), "capacity": 20, "sharing": {"groups": 3}, **about},
        {"id": "race-studio-1", "name": three("Atelier 1"), "capacity": 50, **about},
        {"id": "race-studio-2", "name": three("Atelier 2"), "capacity": 50, **about},
        {"id": "race-studio-3", "name": three("Atelier 3"), "capacity": 50, **about},
        {"id": "race-studio-4", "name": three("Atelier 4"), "capacity": 50, **about},
    ]
    easels = [{"id": "race-easels", "name": three("Staffeli"), "pieces": 10}]
    house = {"id": "race-house", "name": three("Huset"), "opening": always, "spaces": spaces, "equipment": easels}
    headers = {"Authorization": f"Bearer {token(stack.issuer, 'drift')}"}
    with httpx.Client(base_url=stack.api_urls("booking")[0], headers=headers, timeout=120) as operator:
        answer = operator.put("/squares/race", json={"name": three("Løp"), "arenas": [house]})
        assert answer.status_code == 200, answer.text
    return "race"


def three(text: str) -> dict[str, str]:
    return {"nb": text, "nn": text, "en": text}


def slot(turn: int, *, hours: int = 1) -> dict[str, str]:
    """A time of its own for each round, from tomorrow on, around the clock."""
    tomorrow = (SystemClock().now() + timedelta(days=2)).astimezone(OSLO).replace(hour=0, minute=0, second=0)
    begins: datetime = tomorrow.replace(microsecond=0) + timedelta(hours=turn * 2)
    return {"begins_at": begins.isoformat(), "ends_at": (begins + timedelta(hours=hours)).isoformat()}


def wish(space: str, time: dict[str, str]) -> dict[str, Any]:
    return {"space": space, **time, "purpose": "meeting", "audience": "adults", "participants": 5}


def race(clients: list[httpx.Client], wishes: list[dict[str, Any]], **headers: str) -> list[httpx.Response]:
    """All at once: nobody starts before everybody is ready."""
    ready = Barrier(len(wishes))

    def run(client: httpx.Client, wanted: dict[str, Any]) -> httpx.Response:
        ready.wait()
        return client.post("/bookings", json=wanted, headers={"Idempotency-Key": str(new_id()), **headers})

    with ThreadPoolExecutor(len(wishes)) as pool:
        return list(pool.map(run, clients, wishes))


def move(clients: list[httpx.Client], bookings: list[str], aim: dict[str, str]) -> list[httpx.Response]:
    """All want to be moved to one time, at once."""
    ready = Barrier(len(bookings))

    def run(client: httpx.Client, booking: str) -> httpx.Response:
        ready.wait()
        return client.post(f"/bookings/{booking}/reschedule", json=aim, headers={"If-Match": "*"})

    with ThreadPoolExecutor(len(bookings)) as pool:
        return list(pool.map(run, clients, bookings))


def evenings(turn: int, *, from_day: int, shift: int = 0) -> dict[str, Any]:
    """Four days in a row for each round, at a time of its own; `shift` is how many days later. Eight days are a round's
    alone, and each test has its own from some day on."""
    week, hour = divmod(turn, 6)
    first = (SystemClock().now().astimezone(OSLO) + timedelta(days=from_day + 8 * week + shift)).date()
    # from 4 on: there is no night between 2 and 3 when the clock goes forward
    return {"starts": f"{first}T{4 + 3 * hour:02}:00", "minutes": 60, "rule": "FREQ=DAILY;COUNT=4"}


def series(space: str, when: dict[str, Any], **different: Any) -> dict[str, Any]:
    return {"space": space, **when, "purpose": "meeting", "audience": "adults", "participants": 5, **different}


def single(space: str, when: dict[str, Any], number: int) -> dict[str, Any]:
    """One of the dates of a series, as a booking."""
    begins = datetime.fromisoformat(when["starts"]).replace(tzinfo=OSLO) + timedelta(days=number)
    return wish(space, {"begins_at": begins.isoformat(), "ends_at": (begins + timedelta(hours=1)).isoformat()})


def at_once(clients: list[httpx.Client], asked: list[tuple[str, dict[str, Any]]]) -> list[httpx.Response]:
    """Any requests, each of a client of its own, all at once; changes are of whatever version there is."""
    ready = Barrier(len(asked))

    def run(client: httpx.Client, what: tuple[str, dict[str, Any]]) -> httpx.Response:
        ready.wait()
        return client.post(what[0], json=what[1], headers={"Idempotency-Key": str(new_id()), "If-Match": "*"})

    with ThreadPoolExecutor(len(asked)) as pool:
        return list(pool.map(run, clients, asked))


def had(answer: httpx.Response) -> list[tuple[str, str, str]]:
    """The dates somebody got: space, when, and the booking's id."""
    body = answer.json()
    if answer.status_code not in (200, 201):
        return []
    dates = body.get("occurrences", [{**body, "booking": body.get("id")}])
    return [(each["space"], each["begins_at"], each["booking"]) for each in dates if each["booking"] is not None]


def taken(answers: list[httpx.Response]) -> list[tuple[str, str]]:
    """Where and when those who won have something, each date once: no two have the same."""
    found = [(space, begins_at) for answer in answers for space, begins_at, _ in had(answer)]
    assert len(found) == len(set(found))
    return sorted(found)


def demand_nothing_else_is_held(clients: list[httpx.Client], space: str, answers: list[httpx.Response]) -> None:
    """Of the dates of these rounds, what was answered is all there is: no loser left anything behind."""
    told = {booking: begins_at for answer in answers for _, begins_at, booking in had(answer)}
    first, last = min(told.values()), max(told.values())
    found = {each["id"] for client in clients for each in _own(client, space) if first <= each["begins_at"] <= last}
    assert found == told.keys()


def _own(client: httpx.Client, space: str) -> Iterator[dict[str, Any]]:
    page: dict[str, Any] = {"next_cursor": ""}
    while page["next_cursor"] is not None:
        cursor = {"cursor": page["next_cursor"]} if page["next_cursor"] else {}
        page = client.get("/bookings", params={"space": space, "mine": True, "limit": 100, **cursor}).json()
        yield from page["items"]


def told(answers: list[httpx.Response]) -> Counter[tuple[int, str | None]]:
    return Counter((answer.status_code, answer.json().get("code")) for answer in answers)


def test_one_slot_has_exactly_one_winner_in_every_round(clients: list[httpx.Client]) -> None:
    for turn in range(ROUNDS):
        answers = race(clients, [wish(PART, slot(turn))] * CLIENTS)
        assert told(answers) == {(201, None): 1, (409, "slot_taken"): CLIENTS - 1}, f"round {turn}"


def test_a_hall_and_its_part_are_never_both_taken(clients: list[httpx.Client]) -> None:
    for turn in range(ROUNDS, 2 * ROUNDS):
        answers = race(clients, [wish(HALL if number % 2 else PART, slot(turn)) for number in range(CLIENTS)])
        assert told(answers) == {(201, None): 1, (409, "slot_taken"): CLIENTS - 1}, f"round {turn}"


def test_shifted_times_never_overlap(clients: list[httpx.Client]) -> None:
    for turn in range(2 * ROUNDS, 3 * ROUNDS):
        first = slot(turn, hours=1)
        begins = datetime.fromisoformat(first["begins_at"])
        shifted = [begins + timedelta(minutes=15 * (number % 3)) for number in range(CLIENTS)]
        times = [{"begins_at": at.isoformat(), "ends_at": (at + timedelta(hours=1)).isoformat()} for at in shifted]
        answers = race(clients, [wish(PART, time) for time in times])
        assert told(answers) == {(201, None): 1, (409, "slot_taken"): CLIENTS - 1}, f"round {turn}"


def test_the_last_places_of_a_shared_space_go_to_as_many_as_there_are(clients: list[httpx.Client], lobby: str) -> None:
    for turn in range(ROUNDS):
        answers = race(clients, [{**wish("race-lobby", slot(turn)), "participants": 10}] * CLIENTS)
        assert told(answers) == {(201, None): 2, (409, "no_room"): CLIENTS - 2}, f"round {turn}"


def test_no_more_groups_share_a_space_than_may(clients: list[httpx.Client], lobby: str) -> None:
    for turn in range(ROUNDS, 2 * ROUNDS):
        answers = race(clients, [{**wish("race-lobby", slot(turn)), "participants": 1}] * CLIENTS)
        assert told(answers) == {(201, None): 3, (409, "no_room"): CLIENTS - 3}, f"round {turn}"


def test_the_last_pieces_go_to_one(clients: list[httpx.Client], lobby: str) -> None:
    for turn in range(ROUNDS):
        wishes = [
            {**wish(f"race-studio-{1 + number}", slot(turn)), "equipment": {"race-easels": 6}} for number in range(2)
        ]
        answers = race(clients[:2], wishes)
        assert told(answers) == {(201, None): 1, (409, "equipment_lent"): 1}, f"round {turn}"


def test_who_moves_to_one_time_leaves_it_to_one(clients: list[httpx.Client], lobby: str) -> None:
    for turn in range(ROUNDS, 2 * ROUNDS):
        begins = datetime.fromisoformat(slot(turn)["begins_at"])
        quarters = [begins + timedelta(minutes=15 * number) for number in range(4)]
        times = [{"begins_at": at.isoformat(), "ends_at": (at + timedelta(minutes=15)).isoformat()} for at in quarters]
        made = race(clients[:4], [wish("race-studio-1", time) for time in times])
        assert told(made) == {(201, None): 4}
        aim = {
            "begins_at": (begins + timedelta(minutes=75)).isoformat(),
            "ends_at": (begins + timedelta(minutes=90)).isoformat(),
        }
        answers = move(clients[:4], [answer.json()["id"] for answer in made], aim)
        assert told(answers) == {(200, None): 1, (409, "slot_taken"): 3}, f"round {turn}"


def test_one_idempotency_key_makes_one_booking_however_often_it_is_sent(clients_of_one: list[httpx.Client]) -> None:
    clients = clients_of_one
    for turn in range(3 * ROUNDS, 3 * ROUNDS + 20):
        answers = race(clients, [wish(PART, slot(turn))] * CLIENTS, **{"Idempotency-Key": str(new_id())})
        assert told(answers) == {(201, None): CLIENTS}
        assert len({answer.json()["id"] for answer in answers}) == 1


def test_of_identical_series_one_has_all_dates_and_nobody_else_any(clients: list[httpx.Client], lobby: str) -> None:
    everything = []
    for turn in range(ROUNDS):
        answers = at_once(clients, [("/series", series("race-studio-2", evenings(turn, from_day=30)))] * CLIENTS)
        assert told(answers) == {(201, None): 1, (409, "series_clashes"): CLIENTS - 1}, f"round {turn}"
        assert len(taken(answers)) == 4
        everything += answers
    demand_nothing_else_is_held(clients, "race-studio-2", everything)


@pytest.mark.parametrize(("policy", "space"), [("skip", "race-studio-1"), ("all_or_nothing", "race-studio-3")])
def test_series_that_overlap_in_part_share_the_dates_out(
    clients: list[httpx.Client], lobby: str, policy: str, space: str
) -> None:
    everything = []
    for turn in range(ROUNDS):
        asked = [
            series(space, evenings(turn, from_day=30, shift=number % 4), policy=policy) for number in range(CLIENTS)
        ]
        answers = at_once(clients, [("/series", each) for each in asked])
        assert told(answers).keys() <= {(201, None), (409, "series_clashes")}
        dates = taken(answers)
        # with all or nothing a date may be left that goes with no other; else each of the seven is somebody's
        assert len(dates) == (7 if policy == "skip" else 4), f"round {turn}"
        everything += answers
    demand_nothing_else_is_held(clients, space, everything)


def test_a_series_and_single_bookings_never_share_a_date(clients: list[httpx.Client], lobby: str) -> None:
    for turn in range(ROUNDS):
        when = evenings(turn, from_day=200)
        policies, elsewhere = ["all_or_nothing", "skip", "alternatives"], ["race-studio-1", "race-studio-3"]
        asked: list[tuple[str, dict[str, Any]]] = [
            ("/bookings", single("race-studio-2", when, number // 2 % 4))
            if number % 2
            else ("/series", series("race-studio-2", when, policy=policies[number // 2 % 3], elsewhere=elsewhere))
            for number in range(CLIENTS)
        ]
        answers = at_once(clients, asked)
        assert told(answers).keys() <= {(201, None), (409, "series_clashes"), (409, "slot_taken")}
        contested = {begins_at for space, begins_at in taken(answers) if space == "race-studio-2"}
        assert len(contested) == 4, f"round {turn}: a date was left to nobody"


def test_of_series_that_move_to_the_same_dates_one_gets_there(clients: list[httpx.Client], lobby: str) -> None:
    spaces = ["race-studio-1", "race-studio-2", "race-studio-4"]
    for turn in range(ROUNDS):
        when = evenings(turn, from_day=400)
        made = at_once(clients[:3], [("/series", series(space, when)) for space in spaces])
        assert told(made) == {(201, None): 3}
        paths = [f"/series/{answer.json()['id']}" for answer in made]
        aim = {"scope": "all", "space": "race-studio-3"}
        answers = at_once(clients[:3], [(f"{path}/reschedule", aim) for path in paths])
        assert told(answers) == {(200, None): 1, (409, "series_clashes"): 2}, f"round {turn}"
        assert len(taken(answers)) == 4
        left = [client.get(path).json() for client, path in zip(clients[:3], paths, strict=True)]
        places = sorted({each["space"] for one in left for each in one["occurrences"]})
        assert len(places) == 3
        assert all(len({each["space"] for each in one["occurrences"]}) == 1 for one in left)


def test_what_somebody_waits_for_is_never_had_by_who_comes_along(stack: Stack, clients: list[httpx.Client]) -> None:
    """One gives up what another waits for, by turns all of it or a part of it, while fourteen ask for it: at the moment
    it is free it is offered, in every round, and nobody else gets any of it."""
    holder, waits = (_as(stack, name) for name in ("ola", "kari"))
    for turn in range(4 * ROUNDS, 5 * ROUNDS):
        held = holder.post("/bookings", json=wish(PART if turn % 2 else HALL, slot(turn)))
        joined = waits.post("/waiting", json=wish(HALL if turn % 4 < 2 else PART, slot(turn)))
        assert (held.status_code, joined.status_code, joined.json()["place"]) == (201, 201, 1)
        wishes = [("/bookings", wish(HALL if number % 2 else PART, slot(turn))) for number in range(CLIENTS - 1)]
        gone = (f"/bookings/{held.json()['id']}/cancel", {})
        answers = at_once([*clients[1:], holder], [*wishes, gone])
        assert told(answers) == {(200, None): 1, (409, "slot_taken"): CLIENTS - 1}, f"round {turn}"
        offer = waits.get(f"/waiting/{joined.json()['id']}").json()
        assert offer["state"] == "offered", f"round {turn}"
        assert waits.get(f"/bookings/{offer['booking']}").json()["state"] == "held"
    holder.close()
    waits.close()


def test_of_all_ways_of_writing_at_once_one_gets_the_time(stack: Stack, clients: list[httpx.Client]) -> None:
    """Booked, in a series, moved to, with a series, by the house, imported, or closed: the hall and a part of it."""
    house, kari = _as(stack, "mona"), _as(stack, "kari")
    [band] = [each["id"] for each in kari.get("/actors").json()["items"] if each["kind"] != "resident"]
    won: Counter[str] = Counter()
    for turn in range(20):
        time = slot(6 * ROUNDS + turn)
        begins = datetime.fromisoformat(time["begins_at"])
        like = {"starts": f"{begins + timedelta(days=200):%Y-%m-%dT%H:%M}", "minutes": 60, "rule": "FREQ=DAILY;COUNT=1"}
        made = at_once(
            clients[:3],
            [
                ("/bookings", wish("borgen-moterom-1", time)),
                ("/bookings", wish("borgen-moterom-2", time)),
                ("/series", series("borgen-moterom-1", like)),
            ],
        )
        assert told(made) == {(201, None): 3}, [each.text for each in made]
        one, other, weekly = (each.json()["id"] for each in made)
        row = f"u{turn};{PART};{begins:%Y-%m-%d %H:%M};{begins + timedelta(hours=1):%Y-%m-%d %H:%M}"
        file = b64encode(f"uid;space;begins_at;ends_at\n{row}\n".encode()).decode()
        ways: dict[str, tuple[httpx.Client, str, dict[str, Any]]] = {
            "booked": (clients[3], "/bookings", wish(HALL, time)),
            "in a series": (clients[1], "/series", series(PART, like | {"starts": f"{begins:%Y-%m-%dT%H:%M}"})),
            "moved": (clients[0], f"/bookings/{one}/reschedule", {"space": PART}),
            "a series moved": (
                clients[2],
                f"/series/{weekly}/reschedule",
                {"scope": "all", "space": HALL, "days": -200, "at": f"{begins:%H:%M}"},
            ),
            "by the house": (house, f"/bookings/{other}/reschedule", {"space": HALL}),
            "imported": (house, "/imports", _import(file, band)),
            "closed": (house, "/closures", {"space": PART, **time, "kind": "closure", "reason": three("Stengt")}),
        }
        answers = at_once([client for client, _, _ in ways.values()], [(path, body) for _, path, body in ways.values()])
        winners = [way for way, answer in zip(ways, answers, strict=True) if answer.status_code in (200, 201)]
        refused = {each.json()["code"] for each in answers if each.status_code not in (200, 201)}
        assert len(winners) == 1, f"round {turn}: {winners}"
        assert refused <= {"slot_taken", "space_closed", "series_clashes", "import_refused", "bookings_in_the_way"}
        won[winners[0]] += 1
    assert len(won) > 1
    house.close()
    kari.close()


def _import(file: str, tenant: str) -> dict[str, Any]:
    return {"source": "the-race", "format": "csv", "file": file, "tenant": tenant}


def _as(stack: Stack, name: str) -> httpx.Client:
    headers = {"Authorization": f"Bearer {token(stack.issuer, name)}"}
    return httpx.Client(base_url=stack.api_urls("booking")[-1], headers=headers, timeout=30)

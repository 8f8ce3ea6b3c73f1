"""Restores from backups whose dumps are of different instants: everybody agrees afterwards, whatever was older. Three
in the gate, all combinations in `./torg test long`."""

from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any
from uuid import UUID

import pytest

from cli import SERVICES
from cli.anew import Unknown
from tests.contract.backups import INSTANTS, History, a_history, rows
from tests.issuer import issuer
from tests.municipality import Municipality
from tests.templates import Templates

UNDER_WAY = ("confirmed", "in_use")


@pytest.fixture(scope="module")
def history(templates: Templates, tmp_path_factory: pytest.TempPathFactory) -> Iterator[History]:
    with issuer() as ours, a_history(templates, ours, tmp_path_factory.mktemp("backups")) as made:
        yield made


def instants(**different: int) -> dict[str, int]:
    """The last instant for every service but those named."""
    return dict.fromkeys(SERVICES, 2) | different


def test_booking_restored_older_than_the_others(history: History) -> None:
    """What was given up is confirmed again, with a key; whoever had its place has a key that opens nothing; and what
    booking does not know is listed, and goes on."""
    ids = history.bookings

    listed = {each.booking: each for each in history.restore(instants(booking=0))}
    assert set(listed) == {ids["in its place"], ids["at another time"]}
    suspended, live = listed[ids["in its place"]].parts, listed[ids["at another time"]].parts
    assert (suspended["access"]["state"], suspended["access"]["suspended_for"]) == ("suspended", str(ids["given up"]))
    assert (live["access"]["state"], live["access"]["suspended_for"]) == ("armed", None)
    for each in (suspended, live):
        assert (each["pricing"]["charge"], each["pricing"]["charged"] > 0) == ("charged", True)
        assert each["access"]["booked_by"] == each["pricing"]["booked_by"]
        assert each["programming"]["state"] == "scheduled"

    with history.following() as torg:
        states = {row["id"]: row["state"] for row in rows(torg, "booking", "SELECT id, state FROM bookings")}
        assert states[ids["given up"]] == states[ids["waived"]] == "confirmed"
        assert states[ids["held"]] == "held"
        assert_all_agree(torg, listed)


def test_access_restored_older_than_the_others(history: History) -> None:
    assert history.restore(instants(access=0)) == []
    with history.following() as torg:
        assert_all_agree(torg, {})
        [key] = rows(torg, "access", "SELECT state FROM keys WHERE booking = :of", of=history.bookings["given up"])
        assert key["state"] == "revoked"


def test_pricing_restored_older_than_the_others(history: History) -> None:
    assert history.restore(instants(pricing=0, programming=1)) == []
    with history.following() as torg:
        assert_all_agree(torg, {})


@pytest.mark.long
@pytest.mark.parametrize("of", list(product(INSTANTS, repeat=4)), ids=lambda of: "".join(map(str, of)))
def test_any_mixture_of_instants(history: History, of: tuple[int, ...]) -> None:
    listed = {each.booking: each for each in history.restore(dict(zip(SERVICES, of, strict=True)))}
    with history.following() as torg:
        assert_all_agree(torg, listed)


def assert_all_agree(torg: Municipality, listed: Mapping[UUID, Unknown]) -> None:
    """Every booking has the key, the charge, the waiver and the activity that its state asks for, and no door opens to
    two who exclude each other."""
    bookings = {row["id"]: row for row in rows(torg, "booking", "SELECT * FROM bookings")}
    keys = {row["booking"]: row for row in rows(torg, "access", KEYS)}
    charges = {row["booking"]: row for row in rows(torg, "pricing", "SELECT * FROM charges")}
    activities = {row["booking"]: row for row in rows(torg, "programming", "SELECT * FROM activities")}
    for each, booking in bookings.items():
        assert_key(booking, keys.get(each))
        assert_charge(torg, booking, charges.get(each))
        assert_activity(booking, activities.get(each))
    for each in {*keys, *charges, *activities} - set(bookings):
        over = keys.get(each, {"state": "revoked"})["state"] == "revoked"
        assert each in listed or (over and not charges.get(each, {"total": 0})["total"]), each
    assert_one_for_a_place(torg, [row for row in keys.values() if row["state"] in ("issued", "armed")])
    assert_ledgers(torg)


KEYS = "SELECT keys.*, locks.space, margin_before, margin_after FROM keys JOIN locks ON locks.id = keys.lock"


def assert_key(booking: Mapping[str, Any], key: Mapping[str, Any] | None) -> None:
    if booking["state"] not in UNDER_WAY:
        assert key is None or key["state"] in ("revoked", "suspended"), booking["id"]
        return
    assert key is not None, booking["id"]
    assert (key["state"], booking["key"]) == ("armed", "armed"), booking["id"]
    begins, ends = key["valid_from"] + key["margin_before"], key["valid_until"] - key["margin_after"]
    assert (key["space"], begins, ends) == (booking["space"], booking["begins_at"], booking["ends_at"])


def assert_charge(torg: Municipality, booking: Mapping[str, Any], charge: Mapping[str, Any] | None) -> None:
    [quote] = rows(torg, "pricing", "SELECT price FROM quotes WHERE booking = :of", of=booking["id"])
    lines = quote["price"]["lines"]
    total, waived = (
        sum(line["amount"] for line in lines),
        -sum(line["amount"] for line in lines if line["code"] == "waiver"),
    )
    held = rows(
        torg,
        "pricing",
        "SELECT coalesce(-sum(amount), 0) AS held FROM waiver_entries WHERE booking = :of",
        of=booking["id"],
    )[0]["held"]
    if booking["state"] in UNDER_WAY:
        assert charge is not None, booking["id"]
        assert (charge["state"], charge["total"], held) == ("charged", total, waived)
        assert total == booking["price"]["total"]
    elif booking["state"] == "cancelled":
        assert charge is None or (charge["state"], charge["total"]) == ("credited", 0)
        assert held == 0
    else:
        assert charge is None or (charge["state"], charge["total"]) == ("reversed", 0)
        assert held == waived


def assert_activity(booking: Mapping[str, Any], activity: Mapping[str, Any] | None) -> None:
    if booking["state"] not in UNDER_WAY:
        assert activity is None or activity["state"] in ("withdrawn", "paused"), booking["id"]
        return
    assert activity is not None, booking["id"]
    place = ("state", "space", "begins_at", "ends_at")
    assert [activity[name] for name in place] == ["scheduled", *(booking[name] for name in place[1:])]


def assert_one_for_a_place(torg: Municipality, live: list[dict[str, Any]]) -> None:
    parts = {row["id"]: {*row["parts"]} for row in rows(torg, "booking", "SELECT id, parts FROM spaces")}
    for one in live:
        for other in live:
            if one["id"] < other["id"] and parts[one["space"]] & parts[other["space"]]:
                over = one["valid_until"] - one["margin_after"] <= other["valid_from"] + other["margin_before"]
                before = other["valid_until"] - other["margin_after"] <= one["valid_from"] + one["margin_before"]
                assert over or before, (one["booking"], other["booking"])


def assert_ledgers(torg: Municipality) -> None:
    sums = "SELECT charge, sum(amount) AS total FROM charge_entries GROUP BY charge"
    totals = {row["charge"]: row["total"] for row in rows(torg, "pricing", sums)}
    assert all(totals[row["id"]] == row["total"] for row in rows(torg, "pricing", "SELECT id, total FROM charges"))
    balance = "SELECT balance - (SELECT sum(amount) FROM waiver_entries) AS off, balance FROM waiver_accounts"
    assert all(row["off"] == 0 and row["balance"] >= 0 for row in rows(torg, "pricing", balance))

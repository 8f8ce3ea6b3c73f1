"""Every answer that was recorded has its page: whatever a service says in whichever state, nobody meets a fault."""

from collections.abc import Callable, Iterator

import pytest

from tests.recordings import Answer, misfit, pooled, recorded
from tests.unit.portal.conftest import Portal, Visitor
from tests.unit.portal.services import FakeServices, a_claim, an_agreement, an_id

BOOK = "/book?space=borgen-storsal&begins_at=2026-12-05T17:00:00%2B00:00&minutes=120"
FILLED = {"purpose": "culture", "audience": "everyone", "participants": "40"}
RESCHEDULED = {"date": "9.12.2026", "from": "18", "to": "20", "participants": "4"}
A_RULE = "arena/borgen-innbyggertorg/1"
Visit = Callable[[FakeServices, Visitor, Answer], Iterator[None]]


def pages(*paths: str) -> Visit:
    """Looks at pages that ask for it."""

    def visit(_: FakeServices, visitor: Visitor, __: Answer) -> Iterator[None]:
        for path in paths:
            visitor.go(path)
            yield

    return visit


def of_booking(services: FakeServices, visitor: Visitor, answer: Answer) -> Iterator[None]:
    services.replayed.clear()
    booking = answer.body.get("id", an_id("another's"))
    keep(services, answer)
    for page in ("", "/cancel", "/move"):
        visitor.go(f"/bookings/{booking}{page}")
        yield


def keep(services: FakeServices, answer: Answer) -> None:
    """The services go on answering so, wherever they are asked."""
    if answer.status < 400 and answer.body:
        kept = services.series if "occurrences" in answer.body else services.bookings
        kept[answer.body.get("id", "")] = answer.body


def of_series(services: FakeServices, visitor: Visitor, answer: Answer) -> Iterator[None]:
    dates = [each["booking"] for each in answer.body.get("occurrences", []) if each["booking"]]
    for page in ("", "/cancel", *(f"/cancel?booking={each}" for each in dates[:1])):
        visitor.go(f"/series/{an_id('any')}{page}")
        yield


def in_state(state: str, **changed: object) -> Visit:
    """Looks at a booking in this state, whatever else is said of it."""

    def visit(services: FakeServices, visitor: Visitor, _: Answer) -> Iterator[None]:
        visitor.go(f"/bookings/{services.a_booking(state=state, **changed)}")
        yield

    return visit


def waiting_for_an_answer(services: FakeServices, visitor: Visitor, _: Answer) -> Iterator[None]:
    visitor.go(f"/bookings/{services.awaits()}")
    yield


def in_line(services: FakeServices, visitor: Visitor, answer: Answer) -> Iterator[None]:
    services.waiting = {each["id"]: each for each in answer.body["items"]}
    services.replayed.clear()
    visitor.go("/waiting")
    yield


def giving_up(services: FakeServices, visitor: Visitor, answer: Answer) -> Iterator[None]:
    """The page that asks before a series is given up; where that is refused it has no form."""
    keep(services, answer)
    visitor.go(f"/series/{services.a_series()}/cancel")
    if answer.status == 200:
        visitor.submit("/cancel", scope="all")
    yield


def erased(_: FakeServices, visitor: Visitor, __: Answer) -> Iterator[None]:
    visitor.go("/me/erasure")
    visitor.submit("/me/erasure", cancel="yes")
    yield


def form(page: str, action: str, *, instead: str = "", **filled: str) -> Visit:
    """Sends a page's form."""

    def visit(services: FakeServices, visitor: Visitor, answer: Answer) -> Iterator[None]:
        keep(services, answer)
        booking = services.a_booking(state="confirmed" if action != "/confirm" else "held")
        services.bookings[services.awaits()]["id"] = str(an_id("awaits"))
        services.wait(space="borgen-storsal", begins_at="2026-12-05T17:00:00Z", ends_at="2026-12-05T19:00:00Z")
        services.claims = [a_claim()]
        services.register(an_agreement()["id"], worked_on="2026-12-01", minutes=60, task="Malte")
        visitor.go(page.format(booking=booking, series=services.a_series(), agreement=an_agreement()["id"]))
        visitor.submit(action, instead=instead.format(booking=booking), **filled)
        yield

    return visit


VISITS: dict[str, Visit] = {
    "GET access /keys": in_state("confirmed"),
    "GET access /me/export": pages("/me/data"),
    "GET booking /me/export": pages("/me/data"),
    "GET pricing /me/export": pages("/me/data"),
    "GET programming /me/export": pages("/me/data"),
    "GET access /unknown-keys": pages("/manage/keys", "/manage/desk"),
    "GET access /locks": pages("/manage/doors"),
    "GET access /news": pages("/manage/doors", "/manage/desk"),
    "GET access /orders": pages("/manage/doors"),
    "GET booking /actors": pages(BOOK, "/volunteer"),
    "GET booking /availability": pages("/search?square=borgen&date=2026-12-05&minutes=60"),
    "GET booking /bookings": pages("/bookings", "/manage/bookings"),
    "GET booking /bookings/{booking}": of_booking,
    "GET booking /bookings/{booking}/cancellation": form("/bookings/{booking}/cancel", "/cancel"),
    "GET booking /bookings/{booking}/comments": in_state("confirmed"),
    "GET booking /bookings/{booking}/decider": waiting_for_an_answer,
    "GET booking /bookings/{booking}/history": in_state("cancelled"),
    "GET booking /desk": pages("/manage/desk", "/manage/desk?all=1"),
    "GET booking /organisation-claims": pages("/organisations", "/manage/claims"),
    "GET booking /quotas/{quota}": pages(BOOK),
    "GET booking /series": pages("/series"),
    "GET booking /series/{series}": of_series,
    "GET booking /series/{series}/cancellation": giving_up,
    "GET booking /spaces/{space}/house-rules": pages(BOOK),
    "GET booking /squares": pages("/", "/search", "/manage/bookings"),
    "GET booking /waiting": in_line,
    "GET pricing /agreements": pages("/volunteer", "/manage/hours"),
    "GET pricing /charges": in_state("cancelled"),
    "GET pricing /hours": pages("/volunteer"),
    "GET programming /activities": pages("/", "/squares/borgen"),
    "POST access /keys/{key}/unlock": form("/bookings/{booking}", "/unlock"),
    "POST access /locks/{lock}/orders": form(
        f"/manage/doors/{an_id('door')}", f"/{an_id('door')}", order="shut", why="Lekkasje"
    ),
    "POST booking /actors": form(
        "/organisations", "/organisations", number="971526920", name="Laget", kind="voluntary"
    ),
    "POST booking /actors/{actor}/refusal": form("/manage/claims", "/refuse", reason="Ukjent"),
    "POST booking /actors/{actor}/verification": form("/manage/claims", "/confirm", kind="voluntary", reason="Sett"),
    "POST booking /actors/{actor}/withdrawal": form("/organisations", "/withdraw"),
    "POST booking /bookings": form(BOOK, "/book", **FILLED),
    "POST booking /bookings/{booking}/cancel": form("/bookings/{booking}/cancel", "/cancel"),
    "POST booking /bookings/{booking}/comments": form("/bookings/{booking}", "/comments", text="Hei"),
    "POST booking /bookings/{booking}/confirm": form("/bookings/{booking}", "/confirm"),
    "POST booking /bookings/{booking}/end": form("/bookings/{booking}", "/comments", instead="/bookings/{booking}/end"),
    "POST booking /bookings/{booking}/reschedule": form("/bookings/{booking}/move", "/move", **RESCHEDULED),
    "POST booking /desk/decisions": form(
        "/manage/desk", "/manage/desk", booking=f"{an_id('awaits')}:1", verdict="decline", why="Nei"
    ),
    "POST booking /house-rules/acceptances": form("/series/{series}/move", "/move", **RESCHEDULED, accept=A_RULE),
    "POST booking /invitations/{invitation}/acceptance": form(f"/invitations/{an_id('i')}?secret=sesam", "/accept"),
    "POST booking /invitations/{invitation}/reading": pages(f"/invitations/{an_id('i')}?secret=sesam"),
    "POST booking /invitations/{invitation}/refusal": form(f"/invitations/{an_id('i')}?secret=sesam", "/decline"),
    "POST booking /me/erasure": erased,
    "POST booking /series": form(BOOK, "/book", instead="/series", every="week", until="26.12.2026", **FILLED),
    "POST booking /series/preview": form(BOOK, "/book", every="week", until="26.12.2026", **FILLED),
    "POST booking /series/{series}/cancel": form("/series/{series}/cancel", "/cancel", scope="all"),
    "POST booking /series/{series}/confirm": form("/series/{series}", "/confirm"),
    "POST booking /series/{series}/reschedule": form("/series/{series}/move", "/move", **RESCHEDULED),
    "POST booking /waiting": form(BOOK, "/book", instead="/waiting", **FILLED),
    "POST booking /waiting/{waiting}/leave": form("/waiting", "/leave"),
    "POST pricing /agreements/{agreement}/hours": form(
        "/volunteer/{agreement}/hours", "/hours", worked_on="1.12.2026", hours="1,5", task="Malte"
    ),
    "POST pricing /hours/{hours}/approve": form("/manage/hours", "/approve"),
    "POST pricing /hours/{hours}/reject": form("/manage/hours", "/reject", reason="Nei"),
    "PUT booking /bookings/{booking}/comments/seen": in_state("confirmed"),
}
"""By route, a way through the pages to where it is asked."""
ANSWERS = [(route, each) for route, answers in recorded().items() for each in answers]


@pytest.mark.parametrize(("route", "answer"), ANSWERS, ids=[f"{route}, {each.scene}" for route, each in ANSWERS])
def test_every_recorded_answer_has_its_page(portal: Portal, visitor: Visitor, route: str, answer: Answer) -> None:
    visitor.sign_in("mona")
    services = portal.services
    services.agreements = [an_agreement()]
    services.calls.clear()
    if route == "GET pricing /hours":
        services.replayed["GET pricing /agreements"] = recorded()["GET pricing /agreements"][-1]
    services.replayed[route] = answer
    for _ in VISITS[route](services, visitor, answer):
        assert visitor.page.status_code < 500, visitor.text
        refused = answer.status >= 400 or (isinstance(answer.body, dict) and answer.body.get("refusal"))
        assert refused or visitor.page.status_code == 200, visitor.text
    services.lies.clear()  # the rest need not go with what is replayed


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({"state": "dreaming"}, "never seen as 'dreaming'"),
        ({"price": None}, "/price is null"),
        ({"key": 3}, "/key is a number"),
        ({"nickname": "Storsalen"}, "other keys than were seen: nickname"),
    ],
)
def test_what_no_service_answers_is_noticed(changed: dict[str, object], fault: str) -> None:
    known = recorded()["GET booking /bookings/{booking}"]
    told = next(each.body for each in known if each.scene == "in use")
    assert not misfit(200, told, known, pooled(recorded()))
    assert fault in misfit(200, told | changed, known, pooled(recorded()))
    assert misfit(418, told, known) == "418 was never answered"


def test_a_count_that_is_left_out_when_zero_is_not_told() -> None:
    known = recorded()["GET booking /series/{series}"]
    told = next(each.body for each in known if each.scene == "confirmed")
    assert (
        misfit(200, told | {"by_state": {"confirmed": 3, "held": 0}}, known)
        == "/by_state has a zero, which is left out"
    )

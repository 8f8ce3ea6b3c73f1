"""Who may act for an organisation, over HTTP and on a real database: registered, invited, changed, ended, run out; and
who comes first when two do it at once."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from kernel.auth import Role
from kernel.db import Database
from kernel.errors import DomainError
from kernel.idempotency import idempotency_keys
from kernel.ids import new_id
from kernel.settings import Settings
from services.booking.api import build
from services.booking.events import RepresentationChanged
from services.booking.model.invitations import LIFE, MOST_PENDING
from services.booking.model.representatives import Terms
from services.booking.store.representatives import represented
from services.booking.store.tables import representatives
from services.booking.usecases import invitations as inviting
from services.booking.usecases import representatives as usecases
from tests.at_once import at_once
from tests.callers import OPERATOR, RESIDENT, STRANGER, KnownCallers, bearer, caller

ROUNDS = 25
MICROSECOND = timedelta(microseconds=1)
ROLF, RITA = caller("rolf", Role.RESIDENT), caller("rita", Role.RESIDENT)
BAND = {"kind": "voluntary", "name": "Borgen skolekorps", "organisation_number": "974760673"}
INVITE = {"role": "booker", "email": "rolf@example.no"}
OWNER, BOOKER = Terms(role="owner"), Terms(role="booker")

Ask = Callable[..., TestResponse]


@pytest.fixture
def client(counter: Any) -> FlaskClient:
    settings = Settings(rate_limit_per_minute=100_000, portal_url="https://torg.example/")
    return build(settings, database=counter.database, verifier=KnownCallers(ROLF, RITA)).test_client()


@pytest.fixture
def ask(client: FlaskClient) -> Ask:
    def ask(method: str, path: str, who: str, json: Any = None) -> TestResponse:
        return client.open(f"/api/booking{path}", method=method, headers=bearer(who), json=json)

    return ask


@pytest.fixture
def band(ask: Ask) -> str:
    """The path of a band that Kari has registered, and a manager has confirmed."""
    path = f"/actors/{ask('POST', '/actors', 'kari', BAND).json['id']}"
    assert ask("POST", f"{path}/verification", "noor", {"kind": "voluntary", "reason": "Vedtektene"}).status_code == 200
    return path


def join(ask: Ask, band: str, who: str, **terms: Any) -> TestResponse:
    """Kari invites, and they accept."""
    invited = ask("POST", f"{band}/invitations", "kari", INVITE | terms).json
    return ask("POST", f"/invitations/{invited['invitation']['id']}/acceptance", who, {"secret": invited["secret"]})


def roles(ask: Ask, band: str) -> dict[str, str]:
    return {each["person"]: each["role"] for each in ask("GET", f"{band}/representatives", "odd").json["items"]}


def told(counter: Any) -> list[tuple[str, str | None, int]]:
    changed = counter.told(RepresentationChanged)
    return [(each.data.person, each.data.role, each.sequence) for each in changed]


# Registered


def test_anybody_can_register_an_organisation_and_is_told_that_nobody_verified_it(counter: Any, ask: Ask) -> None:
    made = ask("POST", "/actors", "kari", BAND)

    assert made.status_code == 201
    assert made.json["kind"] == "business"
    assert made.json["told_kind"] == "voluntary"
    assert made.json["verified_by"] is None
    assert "prisane for næringsliv" in made.json["notice"]["nn"]
    assert made.json["role"] == "owner"
    assert made.json["register"] == dict.fromkeys(("state", "name", "form", "voluntary", "answered_at"))
    assert told(counter) == [(str(RESIDENT.person), "owner", 1)]


def test_what_an_operator_registers_is_what_they_say(counter: Any, ask: Ask) -> None:
    made = ask("POST", "/actors", "odd", BAND)

    assert (made.json["kind"], made.json["verified_by"], made.json["notice"]) == ("voluntary", "operator", None)
    assert (made.json["role"], told(counter)) == (None, [])


def test_who_manages_the_house_decides_what_it_is(ask: Ask, band: str) -> None:
    decided = ask("POST", f"{band}/verification", "noor", {"kind": "municipal", "reason": "Vedtektene"})

    assert (decided.status_code, decided.json["kind"], decided.json["verified_by"]) == (200, "municipal", "manager")
    assert ask("GET", band, "kari").json["notice"] is None


def test_nobody_decides_on_those_they_act_for(ask: Ask, band: str) -> None:
    assert join(ask, band, "mona").status_code == 200
    assert ask("POST", f"{band}/verification", "mona", {"kind": "voluntary", "reason": "x"}).status_code == 403


@pytest.mark.parametrize("what", ["verification", "lookup"])
def test_what_is_not_there_is_not_decided_on(ask: Ask, what: str) -> None:
    body = {"kind": "voluntary", "reason": "x"} if what == "verification" else None
    assert ask("POST", f"/actors/{new_id()}/{what}", "odd", body).status_code == 404


def test_an_organisation_is_claimed_once_by_each_however_many_do_it_at_once(counter: Any, ask: Ask) -> None:
    who = ["kari", "kari", "ola", "ola"]
    answers = at_once(lambda who: ask("POST", "/actors", who, BAND).status_code, who)
    assert sorted(answers) == [201, 201, 409, 409]
    assert len(told(counter)) == 2


def test_claims_are_listed_and_refused_over_http(ask: Ask) -> None:
    claimed = ask("POST", "/actors", "kari", BAND).json["id"]
    [mine] = ask("GET", "/organisation-claims", "kari").json["items"]
    [waits] = ask("GET", "/organisation-claims?waiting=true", "mona").json["items"]

    assert (mine["actor"], mine["state"], mine["claimed_by"]) == (claimed, "waiting", str(RESIDENT.person))
    assert (waits["actor"], waits["own"]) == (claimed, False)
    assert ask("GET", "/organisation-claims?waiting=true", "kari").status_code == 403
    assert ask("GET", "/organisation-claims", "ola").json["items"] == []
    refused = ask("POST", f"/actors/{claimed}/refusal", "mona", {"reason": "Ukjent for styret"})
    assert (refused.status_code, refused.json["state"], refused.json["reason"]) == (200, "refused", "Ukjent for styret")
    assert ask("POST", f"/actors/{claimed}/refusal", "mona", {"reason": "Igjen"}).json["code"] == "claim_decided"


# Invited


def test_who_accepts_may_book_and_is_told_of_without_a_name(counter: Any, ask: Ask, band: str) -> None:
    accepted = join(ask, band, "rolf", known_as="Rolf Treneren", until="2027-06-30")

    assert (accepted.status_code, accepted.json["role"], accepted.json["until"]) == (200, "booker", "2027-06-30")
    assert [each["id"] for each in ask("GET", "/actors", "rolf").json["items"]][1:] == [band.split("/")[2]]
    event = counter.told(RepresentationChanged)[-1]
    assert event.data == RepresentationChanged(
        actor=event.data.actor, person=str(ROLF.person), role="booker", until="2027-06-30"
    )
    assert "Treneren" not in str(event)


def test_the_inviter_gets_the_link_where_no_mail_can_be_sent(counter: Any, ask: Ask, band: str) -> None:
    invited = ask("POST", f"{band}/invitations", "kari", INVITE).json

    number, secret = invited["invitation"]["id"], invited["secret"]
    assert invited["link"] == f"https://torg.example/invitations/{number}?secret={secret}"
    assert invited["invitation"]["mail"] is None
    kept = dump(counter.database)
    assert "rolf@example.no" not in kept
    assert secret not in kept


def dump(database: Database) -> str:
    """Everything that booking's database holds."""
    with database.reading() as tx:
        tables = tx.connection.exec_driver_sql("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").scalars()
        return "\n".join(
            str(row)
            for table in tables.all()
            for row in tx.connection.exec_driver_sql(f'SELECT t::text FROM "{table}" t')
        )


def test_a_secret_that_is_wrong_or_of_another_invitation_finds_nothing(ask: Ask, band: str) -> None:
    first, second = (ask("POST", f"{band}/invitations", "kari", INVITE).json for _ in range(2))
    number = first["invitation"]["id"]
    for secret in (second["secret"], first["secret"][:-1], "x"):
        assert ask("POST", f"/invitations/{number}/acceptance", "rolf", {"secret": secret}).status_code == 404
    unknown = ask("POST", f"/invitations/{new_id()}/acceptance", "rolf", {"secret": first["secret"]})
    assert unknown.status_code == 404


def test_who_has_the_secret_sees_what_they_are_invited_to(counter: Any, ask: Ask, band: str) -> None:
    invited = ask("POST", f"{band}/invitations", "kari", INVITE | {"known_as": "Treneren", "until": "2027-06-30"}).json
    path, secret = f"/invitations/{invited['invitation']['id']}", {"secret": invited["secret"]}

    assert ask("POST", f"{path}/reading", "rolf", {"secret": "another"}).status_code == 404
    seen = ask("POST", f"{path}/reading", "rolf", secret).json
    assert seen == {
        "organisation": BAND["name"],
        "role": "booker",
        "until": "2027-06-30",
        "by_house": False,
        "expires_at": invited["invitation"]["expires_at"],
        "open": True,
    }

    ask("POST", f"{path}/acceptance", "rolf", secret)
    assert ask("POST", f"{path}/reading", "rolf", secret).json["open"] is False
    assert ask("POST", f"{path}/refusal", "rolf", secret).json["code"] == "invitation_over"


def test_what_was_turned_down_can_not_be_accepted(counter: Any, ask: Ask, band: str) -> None:
    invited = ask("POST", f"{band}/invitations", "kari", INVITE).json
    path, secret = f"/invitations/{invited['invitation']['id']}", {"secret": invited["secret"]}

    assert ask("POST", f"{path}/refusal", "rolf", {"secret": "another"}).status_code == 404
    for _ in range(2):
        assert ask("POST", f"{path}/refusal", "rolf", secret).json["open"] is False
    assert ask("POST", f"{path}/acceptance", "rolf", secret).json["code"] == "invitation_over"
    assert ask("GET", f"{band}/invitations", "kari").json["items"] == []


def test_an_invitation_is_accepted_once(ask: Ask, band: str) -> None:
    invited = ask("POST", f"{band}/invitations", "kari", INVITE).json
    path, secret = f"/invitations/{invited['invitation']['id']}/acceptance", {"secret": invited["secret"]}

    assert ask("POST", path, "rolf", secret).status_code == 200
    assert ask("POST", path, "rita", secret).json["code"] == "invitation_over"
    assert ask("GET", f"{band}/invitations", "kari").json["items"] == []


def test_who_may_act_already_leaves_the_invitation_to_others(ask: Ask, band: str) -> None:
    assert join(ask, band, "kari").json["code"] == "already_representative"
    assert len(ask("GET", f"{band}/invitations", "kari").json["items"]) == 1
    assert set(roles(ask, band).values()) == {"owner"}


@pytest.mark.parametrize(("after", "status"), [(LIFE - MICROSECOND, 200), (LIFE, 409)])
def test_an_invitation_holds_for_its_time(counter: Any, ask: Ask, band: str, after: timedelta, status: int) -> None:
    invited = ask("POST", f"{band}/invitations", "kari", INVITE).json
    counter.clock.move(after)
    path = f"/invitations/{invited['invitation']['id']}/acceptance"
    assert ask("POST", path, "rolf", {"secret": invited["secret"]}).status_code == status


def test_a_withdrawn_invitation_opens_nothing(ask: Ask, band: str) -> None:
    invited = ask("POST", f"{band}/invitations", "kari", INVITE).json
    number = invited["invitation"]["id"]
    for _ in range(2):
        assert ask("DELETE", f"{band}/invitations/{number}", "kari").status_code == 204

    answer = ask("POST", f"/invitations/{number}/acceptance", "rolf", {"secret": invited["secret"]})
    assert answer.json["code"] == "invitation_over"
    assert ask("DELETE", f"/actors/{new_id()}/invitations/{number}", "odd").status_code == 404


def test_what_was_accepted_is_not_withdrawn(ask: Ask, band: str) -> None:
    invited = ask("POST", f"{band}/invitations", "kari", INVITE).json
    number = invited["invitation"]["id"]
    ask("POST", f"/invitations/{number}/acceptance", "rolf", {"secret": invited["secret"]})
    assert ask("DELETE", f"{band}/invitations/{number}", "kari").json["code"] == "invitation_over"


def test_an_invitation_of_another_organisation_is_not_withdrawn(ask: Ask, band: str) -> None:
    invited = ask("POST", f"{band}/invitations", "kari", INVITE).json["invitation"]["id"]
    other = ask("POST", "/actors", "ola", BAND | {"organisation_number": "923609016"}).json["id"]
    assert ask("DELETE", f"/actors/{other}/invitations/{invited}", "ola").status_code == 404


def test_invitations_of_one_who_is_no_longer_owner_are_over(ask: Ask, band: str) -> None:
    join(ask, band, "rita", role="owner")
    invited = ask("POST", f"{band}/invitations", "rita", INVITE).json
    assert ask("DELETE", f"{band}/representatives/{RITA.person}", "kari").status_code == 204

    path = f"/invitations/{invited['invitation']['id']}/acceptance"
    assert ask("POST", path, "rolf", {"secret": invited["secret"]}).json["code"] == "invitation_over"


def test_an_operator_s_invitation_needs_no_owner(ask: Ask) -> None:
    band = f"/actors/{ask('POST', '/actors', 'odd', BAND).json['id']}"
    invited = ask("POST", f"{band}/invitations", "odd", INVITE | {"role": "owner"}).json
    path = f"/invitations/{invited['invitation']['id']}/acceptance"
    assert ask("POST", path, "rolf", {"secret": invited["secret"]}).json["role"] == "owner"


def test_a_booker_invites_nobody(ask: Ask, band: str) -> None:
    join(ask, band, "rolf")
    assert ask("POST", f"{band}/invitations", "rolf", INVITE).status_code == 403
    assert ask("POST", f"{band}/invitations", "ola", INVITE).status_code == 404


def test_so_many_invitations_can_be_under_way(counter: Any, ask: Ask, band: str) -> None:
    answers = [ask("POST", f"{band}/invitations", "kari", INVITE).status_code for _ in range(MOST_PENDING + 1)]
    assert answers == [201] * MOST_PENDING + [409]

    counter.clock.move(LIFE)
    assert ask("POST", f"{band}/invitations", "kari", INVITE).status_code == 201


@pytest.mark.parametrize(("until", "status"), [("2026-11-22", 422), ("2026-11-23", 201), ("2026-11-24", 201)])
def test_nobody_is_invited_for_days_that_are_over(ask: Ask, band: str, until: str, status: int) -> None:
    assert ask("POST", f"{band}/invitations", "kari", INVITE | {"until": until}).status_code == status


# Until


@pytest.fixture
def until_today(counter: Any, ask: Ask, band: str) -> Any:
    """Rolf may act for the band through today, and has booked for it."""
    join(ask, band, "rolf", until="2026-11-23")
    return counter.hold("room", 96, who=ROLF, tenant=_id(band))


def _id(band: str) -> UUID:
    return UUID(band.split("/")[2])


MIDNIGHT = datetime.fromisoformat("2026-11-24T00:00:00+01:00")


def allowed(counter: Any, ask: Ask, band: str, booking: Any) -> list[bool]:
    """Whether Rolf may book for the band, sees it and its booking, and finds both in his lists."""
    free = {
        "space": "third-1",
        "begins_at": counter.quarter(150).isoformat(),
        "ends_at": counter.quarter(154).isoformat(),
        "purpose": "culture",
        "audience": "everyone",
        "participants": 8,
        "tenant": band.split("/")[2],
    }
    with counter.database.reading() as tx:
        found = tx.execute(represented(ROLF.person, tx.now)).scalars().all()
    return [
        ask("POST", "/bookings", "rolf", free).status_code == 201,
        ask("GET", band, "rolf").status_code == 200,
        ask("GET", f"/bookings/{booking.id}", "rolf").status_code == 200,
        str(booking.id) in ask("GET", "/bookings", "rolf").text,
        band.split("/")[2] in ask("GET", "/actors", "rolf").text,
        found != [],
    ]


@pytest.mark.parametrize(("at", "may"), [(MIDNIGHT - MICROSECOND, True), (MIDNIGHT, False)])
def test_after_the_last_day_the_right_is_gone_everywhere(
    counter: Any, ask: Ask, band: str, until_today: Any, at: datetime, may: bool
) -> None:
    counter.clock.move(at - counter.clock.now())
    found = allowed(counter, ask, band, until_today)
    assert found == [may] * 6


@pytest.mark.parametrize(("at", "status"), [(MIDNIGHT - MICROSECOND, 200), (MIDNIGHT, 404)])
def test_after_the_last_day_what_was_booked_is_for_others_to_change(
    counter: Any, client: FlaskClient, until_today: Any, at: datetime, status: int
) -> None:
    counter.clock.move(at - counter.clock.now())
    path = f"/api/booking/bookings/{until_today.id}/cancel"
    expires = counter.load(until_today).hold_expires_at
    assert expires < at  # nobody has looked yet: it is still held
    answer = client.post(path, headers=bearer("rolf") | {"If-Match": "*"})
    assert answer.status_code == status
    assert client.get(f"/api/booking/bookings/{until_today.id}", headers=bearer("kari")).status_code == 200


def test_who_is_taken_away_may_nothing_at_once(counter: Any, ask: Ask, band: str, until_today: Any) -> None:
    assert ask("DELETE", f"{band}/representatives/{ROLF.person}", "kari").status_code == 204
    assert allowed(counter, ask, band, until_today) == [False] * 6


def test_a_right_that_ran_out_can_be_given_anew(counter: Any, ask: Ask, band: str, until_today: Any) -> None:
    counter.clock.move(timedelta(days=1))
    later = ask("PUT", f"{band}/representatives/{ROLF.person}", "kari", {"role": "booker", "until": "2026-12-24"})

    assert (later.status_code, later.json["until"]) == (200, "2026-12-24")
    assert allowed(counter, ask, band, until_today) == [True] * 6


# Changed and ended


def test_terms_are_changed_as_a_whole_and_told(counter: Any, ask: Ask, band: str) -> None:
    join(ask, band, "rolf", known_as="Treneren", until="2027-06-30")
    path = f"{band}/representatives/{ROLF.person}"
    for _ in range(2):
        assert ask("PUT", path, "kari", {"role": "owner"}).json | {"actor": ""} == {
            "actor": "",
            "person": str(ROLF.person),
            "role": "owner",
            "until": None,
            "known_as": None,
        }
    assert told(counter)[1:] == [(str(ROLF.person), "booker", 1), (str(ROLF.person), "owner", 2)]
    assert ask("PUT", path, "kari", {"role": "owner", "until": "2026-11-22"}).json["code"] == "until_in_the_past"


def test_nobody_gets_a_right_by_being_changed(ask: Ask, band: str) -> None:
    assert ask("PUT", f"{band}/representatives/{STRANGER.person}", "kari", {"role": "booker"}).status_code == 404
    assert ask("DELETE", f"{band}/representatives/{STRANGER.person}", "kari").status_code == 404


def test_a_right_that_ended_and_came_back_goes_on_counting(counter: Any, ask: Ask, band: str) -> None:
    join(ask, band, "rolf")
    ask("DELETE", f"{band}/representatives/{ROLF.person}", "kari")
    join(ask, band, "rolf")

    rolf = str(ROLF.person)
    assert told(counter)[1:] == [(rolf, "booker", 1), (rolf, None, 2), (rolf, "booker", 3)]


def test_everybody_can_leave(counter: Any, ask: Ask, band: str) -> None:
    join(ask, band, "rolf", known_as="Treneren")
    assert ask("DELETE", f"{band}/representatives/{ROLF.person}", "rolf").status_code == 204

    assert ask("GET", band, "rolf").status_code == 404
    assert roles(ask, band) == {str(RESIDENT.person): "owner"}
    with counter.database.reading() as tx:
        kept = select(representatives.c.known_as).where(representatives.c.person == ROLF.person)
        assert tx.execute(kept).scalar_one() is None


def test_a_booker_takes_nobody_s_right(ask: Ask, band: str) -> None:
    join(ask, band, "rolf")
    assert ask("DELETE", f"{band}/representatives/{RESIDENT.person}", "rolf").status_code == 403
    assert ask("PUT", f"{band}/representatives/{ROLF.person}", "rolf", {"role": "owner"}).status_code == 403


def test_the_last_owner_stays_but_for_an_operator(ask: Ask, band: str) -> None:
    path = f"{band}/representatives/{RESIDENT.person}"
    join(ask, band, "rolf")
    for method, body in (
        ("DELETE", None),
        ("PUT", {"role": "booker"}),
        ("PUT", {"role": "owner", "until": "2030-01-01"}),
    ):
        assert ask(method, path, "kari", body).json["code"] == "last_owner"
    assert ask("DELETE", path, "odd").status_code == 204


def test_the_names_of_an_organisation_s_people_are_for_its_owners(ask: Ask, band: str) -> None:
    join(ask, band, "rolf", known_as="Treneren")
    statuses = {
        who: ask("GET", f"{band}/representatives", who).status_code for who in ("kari", "rolf", "mona", "ola", "odd")
    }
    assert statuses == {"kari": 200, "rolf": 403, "mona": 403, "ola": 404, "odd": 200}
    assert "Treneren" not in ask("GET", band, "rolf").text


# At once


@pytest.fixture
def many(counter: Any) -> Any:
    """The same database, with connections for many."""
    url = counter.database.engine.url.render_as_string(hide_password=False)
    many = Database(url, service="booking", pool_size=16, clock=counter.clock, settings=counter.database.settings)
    yield many
    many.close()


def outcome(database: Database, use_case: Callable[..., Any], *arguments: Any, **named: Any) -> str:
    try:
        with database.transaction() as tx:
            use_case(tx, *arguments, **named)
        return "done"
    except DomainError as refused:
        return refused.code


def test_of_many_who_accept_one_invitation_one_is_in(counter: Any, ask: Ask, band: str, many: Database) -> None:
    rivals = [caller(f"rival-{number}", Role.RESIDENT) for number in range(8)]
    for number in range(1, ROUNDS + 1):
        made = counter.run(inviting.invite, RESIDENT, _id(band), BOOKER, address="x@example.no", by_mail=False)

        def accept(who: Any, made: Any = made) -> str:
            return outcome(many, inviting.accept, who, made.invitation.id, secret=made.secret)

        found = at_once(accept, rivals)
        # whoever won before is in already, and leaves it to the others
        assert found.count("done") == (1 if number <= len(rivals) else 0)
        assert set(found) <= {"done", "invitation_over", "already_representative"}
        assert len(told(counter)) == 1 + min(number, len(rivals))


def test_of_two_owners_who_leave_at_once_one_stays(counter: Any, ask: Ask, band: str, many: Database) -> None:
    actor = _id(band)
    for _ in range(ROUNDS):
        for who in (RESIDENT, ROLF):
            counter.run(usecases.appoint, OPERATOR, actor, OWNER, subject=who.subject, issuer=None)
        found = at_once(lambda who: outcome(many, usecases.end, who, actor, who.person), [RESIDENT, ROLF])

        assert sorted(found) == ["done", "last_owner"]
        assert list(roles(ask, band).values()) == ["owner"]


def test_of_two_owners_who_end_each_other_one_stays(counter: Any, ask: Ask, band: str, many: Database) -> None:
    actor = _id(band)
    for _ in range(ROUNDS):
        for who in (RESIDENT, ROLF):
            counter.run(usecases.appoint, OPERATOR, actor, OWNER, subject=who.subject, issuer=None)
        pairs = [(RESIDENT, ROLF), (ROLF, RESIDENT)]
        found = at_once(lambda pair: outcome(many, usecases.end, pair[0], actor, pair[1].person), pairs)

        # the one who was ended first owns nothing any more, and so ends nobody
        assert sorted(found) == ["done", "not_found"]
        assert list(roles(ask, band).values()) == ["owner"]


def test_an_invitation_is_accepted_or_withdrawn_and_never_both(
    counter: Any, ask: Ask, band: str, many: Database
) -> None:
    actor = _id(band)
    for number in range(ROUNDS):
        who = caller(f"guest-{number}", Role.RESIDENT)
        made = counter.run(inviting.invite, RESIDENT, actor, BOOKER, address="x@example.no", by_mail=False)
        there = made.invitation.id
        works = [
            lambda who=who, made=made: outcome(many, inviting.accept, who, made.invitation.id, secret=made.secret),
            lambda there=there: outcome(many, inviting.withdraw, RESIDENT, actor, there),
        ]

        assert sorted(at_once(lambda work: work(), works)) == ["done", "invitation_over"]


def test_so_many_invitations_and_no_more_however_many_invite(counter: Any, band: str, many: Database) -> None:
    def invite(_: int) -> str:
        return outcome(many, inviting.invite, RESIDENT, _id(band), BOOKER, address="x@example.no", by_mail=False)

    for _ in range(MOST_PENDING - 3):
        invite(0)
    assert sorted(at_once(invite, range(12))) == ["done"] * 3 + ["too_many_invitations"] * 9


def test_each_change_is_told_in_its_order(counter: Any, band: str, many: Database) -> None:
    """Many change one right at once: no version is missing, none is told twice."""
    counter.run(usecases.appoint, OPERATOR, _id(band), BOOKER, subject="rolf", issuer=None)
    days = [date(2027, 1, day) for day in range(1, 13)]

    def change(day: date) -> str:
        return outcome(many, usecases.change, RESIDENT, _id(band), ROLF.person, Terms(role="booker", until=day))

    assert set(at_once(change, days)) == {"done"}
    assert [sequence for person, _, sequence in told(counter) if person == str(ROLF.person)] == list(range(1, 14))
    with many.reading() as tx:
        newest = select(representatives.c.version, representatives.c.until).where(
            representatives.c.person == ROLF.person
        )
        row = tx.execute(newest).one()
        assert tx.execute(select(func.count()).select_from(representatives)).scalar_one() == 2
    last = max(
        counter.told(RepresentationChanged), key=lambda each: (each.data.person == str(ROLF.person), each.sequence)
    )
    assert (last.sequence, last.data.until) == (row.version, row.until.isoformat())


def test_a_secret_is_told_once_and_kept_nowhere(counter: Any, client: FlaskClient, band: str) -> None:
    headers = bearer("kari") | {"Idempotency-Key": "invite-rolf"}
    path = f"/api/booking{band}/invitations"

    first, again = (client.post(path, headers=headers, json=INVITE) for _ in range(2))

    assert (first.status_code, again.status_code, again.headers["Idempotency-Replayed"]) == (201, 201, "true")
    assert first.json["secret"] in first.json["link"]
    assert again.json == first.json | {"secret": None, "link": None}
    with counter.database.reading() as tx:
        kept = b"".join(bytes(each) for each in tx.execute(select(idempotency_keys.c.body)).scalars())
    assert first.json["secret"].encode() not in kept

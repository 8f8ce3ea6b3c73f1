"""Typed settings from the environment. A process that is set up wrongly does not start, and names every fault at once.

A settings class is a frozen dataclass whose fields are made by `setting(...)`. `docs/settings.md` is generated from
them.
"""

import os
from collections.abc import Callable, Collection, Mapping
from dataclasses import MISSING, dataclass, field, fields
from typing import Any, TypeVar, get_type_hints

from marshmallow import ValidationError
from marshmallow import fields as read

from kernel.setting_checks import (
    above_zero,
    at_least,
    base64_of,
    issuer_urls,
    mail_address,
    not_negative,
    one_of,
    organisation_numbers,
    url,
    whole_path,
)

S = TypeVar("S")


class SettingsError(Exception):
    """One or more settings are missing or wrong; the message has a line for each."""


def setting(
    name: str, meaning: str, *, default: Any = MISSING, check: Callable[[Any], None] | None = None, secret: bool = False
) -> Any:
    """A field read from the environment variable `name`; without a default it must be given."""
    metadata = {"name": name, "meaning": meaning, "check": check, "secret": secret}
    if isinstance(default, list):
        return field(default_factory=default.copy, metadata=metadata)
    return field(default=default, metadata=metadata)


_READERS: dict[Any, Callable[[str], Any]] = {
    str: str,
    int: read.Integer().deserialize,
    float: read.Float().deserialize,
    bool: read.Boolean().deserialize,
    list[str]: lambda text: [part.strip() for part in text.split(",") if part.strip()],
}


def load(kind: type[S], environ: Mapping[str, str] | None = None, *, needed: Collection[str] = ()) -> S:
    """The settings of class `kind`. Raises SettingsError that names every missing or wrong variable. `needed` are the
    fields that must be set, although they have a default."""
    given = os.environ if environ is None else environ
    hints = get_type_hints(kind)
    values: dict[str, Any] = {}
    faults: dict[str, str] = {}
    for each in fields(kind):  # type: ignore[arg-type]
        name = each.metadata["name"]
        try:
            value = _read(given.get(name, ""), hints[each.name], each.metadata["check"])
        except ValidationError as fault:
            faults[name] = "; ".join(str(message) for message in fault.messages)
            continue
        if value:
            values[each.name] = value[0]
        elif each.name in needed or (each.default is MISSING and each.default_factory is MISSING):
            faults[name] = "is not set"
    if faults:
        raise SettingsError("\n".join(f"{name}: {fault}" for name, fault in sorted(faults.items())))
    return kind(**values)


def _read(text: str, kind: Any, check: Callable[[Any], None] | None) -> tuple[Any] | None:
    """What a variable says, as a value of this kind; None if it says nothing. Raises ValidationError."""
    if not text:
        return None
    value = _READERS[kind](text)
    if value == []:
        return None
    if check:
        check(value)
    return (value,)


def needed_by(kind: str, services: Collection[str]) -> set[str]:
    """The fields of `Settings` that a process ("api" or "worker") of these services can't do without."""
    needed = {f"{service}_database_url" for service in services}
    needed |= {"access_code_key"} if "access" in services else set()
    return needed | {"amqp_url" if kind == "worker" else "issuers"}


DATABASE = url("postgresql", host=False)
AMQP = url("amqp", "amqps", "memory")


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What every api and worker process reads. Times are seconds."""

    booking_database_url: str = setting(
        "TORG_BOOKING_DATABASE_URL", "Booking's own database.", default="", check=DATABASE, secret=True
    )
    access_database_url: str = setting(
        "TORG_ACCESS_DATABASE_URL", "Access's own database.", default="", check=DATABASE, secret=True
    )
    pricing_database_url: str = setting(
        "TORG_PRICING_DATABASE_URL", "Pricing's own database.", default="", check=DATABASE, secret=True
    )
    programming_database_url: str = setting(
        "TORG_PROGRAMMING_DATABASE_URL", "Programming's own database.", default="", check=DATABASE, secret=True
    )
    booking_owner_url: str = setting(
        "TORG_BOOKING_OWNER_URL",
        "Booking's own database as the role that owns it, for `migrate`, `backup` and `restore` alone; else"
        " that of the service.",
        default="",
        check=DATABASE,
        secret=True,
    )
    access_owner_url: str = setting(
        "TORG_ACCESS_OWNER_URL",
        "Access's own database as the role that owns it, for `migrate`, `backup` and `restore` alone; else"
        " that of the service.",
        default="",
        check=DATABASE,
        secret=True,
    )
    pricing_owner_url: str = setting(
        "TORG_PRICING_OWNER_URL",
        "Pricing's own database as the role that owns it, for `migrate`, `backup` and `restore` alone; else"
        " that of the service.",
        default="",
        check=DATABASE,
        secret=True,
    )
    programming_owner_url: str = setting(
        "TORG_PROGRAMMING_OWNER_URL",
        "Programming's own database as the role that owns it, for `migrate`, `backup` and `restore` alone; else"
        " that of the service.",
        default="",
        check=DATABASE,
        secret=True,
    )
    postgres_url: str = setting(
        "TORG_POSTGRES_URL",
        "PostgreSQL as a superuser, for `databases` alone.",
        default="",
        check=DATABASE,
        secret=True,
    )
    amqp_url: str = setting(
        "TORG_AMQP_URL",
        "RabbitMQ, or `memory://` for the broker inside one worker process. Workers only.",
        default="",
        check=AMQP,
        secret=True,
    )
    issuers: list[str] = setting(
        "TORG_ISSUERS",
        "OpenID Connect issuers whose tokens are taken, by commas. Apis only.",
        default=[],
        check=issuer_urls,
    )
    audience: str = setting("TORG_AUDIENCE", "The `aud` a token must have.", default="torg")
    token_seconds: int = setting(
        "TORG_TOKEN_SECONDS",
        "The longest a token may be good for; a longer one is refused. Apis only.",
        default=28800,
        check=above_zero,
    )
    clock_skew_seconds: int = setting(
        "TORG_CLOCK_SKEW_SECONDS", "How far an issuer's clock may be off.", default=30, check=not_negative
    )
    roles_claim: str = setting(
        "TORG_ROLES_CLAIM", "The claim that lists roles, or a dotted path to it.", default="roles"
    )
    squares_claim: str = setting(
        "TORG_SQUARES_CLAIM", "The claim that lists a manager's squares, or a dotted path to it.", default="squares"
    )
    log_format: str = setting(
        "TORG_LOG_FORMAT", "`json`, or `readable` for people.", default="json", check=one_of("json", "readable")
    )
    log_level: str = setting(
        "TORG_LOG_LEVEL",
        "The least severe level that is logged.",
        default="INFO",
        check=one_of("DEBUG", "INFO", "WARNING", "ERROR"),
    )
    stop_deadline_seconds: float = setting(
        "TORG_STOP_DEADLINE_SECONDS",
        "How long running work may take to end at SIGTERM.",
        default=20.0,
        check=above_zero,
    )
    pool_size: int = setting(
        "TORG_POOL_SIZE", "Database connections per service of an api process.", default=10, check=above_zero
    )
    http_threads: int = setting(
        "TORG_HTTP_THREADS",
        "Requests one api process answers at once: half of them those that read, half those that write.",
        default=10,
        check=above_zero,
    )
    hosts: list[str] = setting(
        "TORG_HOSTS",
        "The names that apis are asked under, by commas, besides loopback's; without, any. Apis only: the portal goes "
        "by its `TORG_PORTAL_URL`. `docker-compose.yml` puts its own names before yours.",
        default=[],
    )
    trusted_proxies: int = setting(
        "TORG_TRUSTED_PROXIES",
        "How many reverse proxies stand before the api, each adding to `X-Forwarded-For` and `X-Forwarded-Proto`; 1 in "
        "`docker-compose.yml`.",
        default=0,
        check=not_negative,
    )
    request_timeout_seconds: float = setting(
        "TORG_REQUEST_TIMEOUT_SECONDS",
        "How long a request may take before its changes are given up, and each of its database statements.",
        default=10.0,
        check=above_zero,
    )
    rate_limit_per_minute: int = setting(
        "TORG_RATE_LIMIT_PER_MINUTE",
        "Requests a caller may make a minute to one service of one process; dear ones count as several.",
        default=600,
        check=above_zero,
    )
    worker_concurrency: int = setting(
        "TORG_WORKER_CONCURRENCY",
        "Events one service handles at once in a worker; it opens four database connections more than that.",
        default=8,
        check=above_zero,
    )
    still_seconds: float = setting(
        "TORG_STILL_SECONDS",
        "How long a part of a worker may have something to do and not get on, until `/readyz` says so.",
        default=60.0,
        check=above_zero,
    )
    prefetch: int = setting("TORG_PREFETCH", "Events fetched ahead per queue.", default=16, check=above_zero)
    retry_limit: int = setting(
        "TORG_RETRY_LIMIT",
        "How often a failed event is tried again before it is a dead letter.",
        default=5,
        check=above_zero,
    )
    retry_base_seconds: float = setting(
        "TORG_RETRY_BASE_SECONDS",
        "The wait before the first retry; each wait after is four times longer.",
        default=1.0,
        check=above_zero,
    )
    relay_poll_seconds: float = setting(
        "TORG_RELAY_POLL_SECONDS",
        "How often the outbox is looked at when nothing wakes the relay.",
        default=0.02,
        check=above_zero,
    )
    keep_days: int = setting(
        "TORG_KEEP_DAYS",
        "How long sent events, inbox entries and idempotency keys are kept.",
        default=30,
        check=above_zero,
    )
    idempotency_key: str = setting(
        "TORG_IDEMPOTENCY_KEY",
        "What requests sent with an `Idempotency-Key` are told apart by, the same in all api processes: URL-safe "
        "base64 of 32 bytes. Left out, it is made from the password in the service's database URL.",
        default="",
        check=base64_of(32),
        secret=True,
    )
    access_code_key: str = setting(
        "TORG_ACCESS_CODE_KEY",
        "The key door codes are kept under, the same in all of access: URL-safe base64 of 32 bytes.",
        default="",
        check=base64_of(32),
        secret=True,
    )
    access_entry_days: int = setting(
        "TORG_ACCESS_ENTRY_DAYS", "How long the log of opened and refused doors is kept.", default=90, check=above_zero
    )
    access_news_seconds: int = setting(
        "TORG_ACCESS_NEWS_SECONDS",
        "How old access's news of bookings may be before keys open in the time of their booking only, without margins; "
        "booking tells every 20 seconds how far it has told.",
        default=300,
        check=at_least(60),
    )
    unpriced_hold_minutes: int = setting(
        "TORG_UNPRICED_HOLD_MINUTES",
        "How long booking holds a time that can't be confirmed yet, as pricing has not told its price; never after it "
        "begins.",
        default=120,
        check=above_zero,
    )
    person_open_bookings: int = setting(
        "TORG_PERSON_OPEN_BOOKINGS", "How many open single bookings a person has.", default=20, check=not_negative
    )
    person_series_dates: int = setting(
        "TORG_PERSON_SERIES_DATES", "The same of dates of fixed bookings.", default=60, check=not_negative
    )
    organisation_open_bookings: int = setting(
        "TORG_ORGANISATION_OPEN_BOOKINGS",
        "How many bookings that are not over a verified organisation may have; what was imported does not count.",
        default=2000,
        check=not_negative,
    )
    person_open_claims: int = setting(
        "TORG_PERSON_OPEN_CLAIMS", "How many organisations of a person's may wait.", default=3, check=not_negative
    )
    invitations_a_day: int = setting(
        "TORG_INVITATIONS_A_DAY", "How many a person or organisation makes in 24 h.", default=20, check=not_negative
    )
    erasure_journal: str = setting(
        "TORG_ERASURE_JOURNAL",
        "The folder, a whole path, of the journal by which a restore forgets again who was erased; else nobody.",
        default="",
        check=whole_path,
    )
    own_interest_days: int = setting(
        "TORG_OWN_INTEREST_DAYS",
        "How many days after somebody could last act for an organisation they still decide on nothing that is its.",
        default=30,
        check=not_negative,
    )
    manager_seen_days: int = setting(
        "TORG_MANAGER_SEEN_DAYS",
        "How many days after they last came managers count as left to decide. Where none is, an operator decides.",
        default=14,
        check=above_zero,
    )
    most_hour_value: int = setting(
        "TORG_MOST_HOUR_VALUE",
        "The most that an hour under a maintenance agreement may be worth, in øre.",
        default=50_000,
        check=above_zero,
    )
    most_agreement_amount: int = setting(
        "TORG_MOST_AGREEMENT_AMOUNT",
        "The most rent that a maintenance agreement may waive in all, in øre; one that names no amount has this.",
        default=20_000_000,
        check=above_zero,
    )
    registers_url: str = setting(
        "TORG_REGISTERS_URL",
        "Where booking asks Enhetsregisteret and Frivillighetsregisteret of organisations: `https://data.brreg.no`. "
        "Without it nobody is asked, and the municipality says what each organisation is.",
        default="",
        check=url("http", "https"),
    )
    registers_seconds: float = setting(
        "TORG_REGISTERS_SECONDS", "How long a register may take to answer.", default=5.0, check=above_zero
    )
    own_organisations: list[str] = setting(
        "TORG_OWN_ORGANISATIONS",
        "The municipality's own organisation numbers, by commas: they, and what the registers say is a part of them, "
        "are municipal.",
        default=[],
        check=organisation_numbers,
    )
    smtp_url: str = setting(
        "TORG_SMTP_URL",
        "The mail server: `smtp://` or `smtps://`, with user and password if it wants them. Without it, or without "
        "`TORG_PORTAL_URL` and `TORG_MAIL_FROM`, who invites somebody gets the link to pass on.",
        default="",
        check=url("smtp", "smtps"),
        secret=True,
    )
    mail_from: str = setting("TORG_MAIL_FROM", "The address mail comes from.", default="", check=mail_address)
    portal_url: str = setting(
        "TORG_PORTAL_URL",
        "Where people find the portal: links in mails lead there.",
        default="",
        check=url("http", "https"),
    )

    @property
    def can_mail(self) -> bool:
        """Whether there is all that mail needs."""
        return bool(self.smtp_url and self.mail_from and self.portal_url)

    def database_url(self, service: str) -> str:
        """The database URL of a service; SettingsError when it is not set."""
        found: str = getattr(self, f"{service}_database_url")
        if not found:
            raise SettingsError(f"TORG_{service.upper()}_DATABASE_URL: is not set")
        return found

    def owner_url(self, service: str) -> str:
        """The database URL of the role that owns a service's tables; "" when neither is set."""
        found: str = getattr(self, f"{service}_owner_url") or getattr(self, f"{service}_database_url")
        return found

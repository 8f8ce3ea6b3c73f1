"""The portal's own settings, read and checked like those of every process. Times are seconds."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from marshmallow import ValidationError

from kernel.addresses import LOOPBACK, check_issuer
from kernel.setting_checks import above_zero, not_negative, one_of, url
from kernel.settings import SettingsError, setting

SHORTEST_SECRET = 32
DEMO_ISSUER_PATH = "/demo-issuer"
SERVICES = ("booking", "access", "pricing", "programming")

_HTTP = url("http", "https")


def _long_enough(secret: str) -> None:
    if len(secret) < SHORTEST_SECRET:
        raise ValidationError(f"must be at least {SHORTEST_SECRET} characters of chance")


def _issuer(value: str) -> None:
    try:
        check_issuer(value)
    except ValueError as fault:
        raise ValidationError(str(fault)) from fault


@dataclass(frozen=True, kw_only=True)
class PortalSettings:
    """What the portal process reads."""

    portal_url: str = setting("TORG_PORTAL_URL", "Where people find the portal; sign-in returns there.", check=_HTTP)
    booking_url: str = setting("TORG_BOOKING_URL", "Booking's API, such as `http://…/api/booking`.", check=_HTTP)
    access_url: str = setting("TORG_ACCESS_URL", "Access's API.", check=_HTTP)
    pricing_url: str = setting("TORG_PRICING_URL", "Pricing's API.", check=_HTTP)
    programming_url: str = setting("TORG_PROGRAMMING_URL", "Programming's API.", check=_HTTP)
    session_secret: str = setting(
        "TORG_SESSION_SECRET", "What session cookies are sealed with.", check=_long_enough, secret=True
    )
    oidc_issuer: str = setting("TORG_OIDC_ISSUER", "The OpenID Connect issuer people sign in with.", check=_issuer)
    oidc_client_id: str = setting("TORG_OIDC_CLIENT_ID", "What the issuer knows the portal as.", default="torg-portal")
    oidc_client_secret: str = setting(
        "TORG_OIDC_CLIENT_SECRET", "The portal's secret with the issuer, if it has one.", default="", secret=True
    )
    oidc_scope: str = setting("TORG_OIDC_SCOPE", "The scopes asked for, by spaces.", default="openid profile")
    oidc_acr_values: list[str] = setting(
        "TORG_OIDC_ACR_VALUES",
        "Levels of assurance that are good enough, by commas, such as `idporten-loa-substantial`; none accepts any.",
        default=[],
    )
    oidc_resource: str = setting(
        "TORG_OIDC_RESOURCE", "The resource (RFC 8707) access tokens are asked for; empty asks for none.", default=""
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
    service_timeout_seconds: float = setting(
        "TORG_SERVICE_TIMEOUT_SECONDS",
        "How long a service may take to answer the portal.",
        default=10.0,
        check=above_zero,
    )
    places_seconds: float = setting(
        "TORG_PLACES_SECONDS",
        "How long the portal keeps the tree of squares before it asks again.",
        default=30.0,
        check=not_negative,
    )
    trusted_proxies: int = setting(
        "TORG_TRUSTED_PROXIES",
        "How many reverse proxies stand before the portal, each adding to `X-Forwarded-For` and `X-Forwarded-Proto`; 1 "
        "in `docker-compose.yml`.",
        default=0,
        check=not_negative,
    )
    http_threads: int = setting(
        "TORG_HTTP_THREADS",
        "Requests the process answers at once: half of them those that read, half those that write.",
        default=10,
        check=above_zero,
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
    demo_issuer: bool = setting(
        "TORG_DEMO_ISSUER", "Lets anyone sign in as anyone, operators too: for the demo on one machine.", default=False
    )
    demo_issuer_key_file: str = setting(
        "TORG_DEMO_ISSUER_KEY_FILE", "Where the demo issuer keeps its key, so that sign-ins outlive it.", default=""
    )

    def __post_init__(self) -> None:
        if self.demo_issuer:
            self._check_demo()

    @property
    def secure(self) -> bool:
        """Whether people reach the portal by https."""
        return urlsplit(self.portal_url).scheme == "https"

    def address(self, service: str) -> str:
        """The base URL of a service's API, without a slash at its end."""
        found: str = getattr(self, f"{service}_url")
        return found.rstrip("/")

    def page(self, path: str) -> str:
        """The absolute URL of one of the portal's own pages."""
        return self.portal_url.rstrip("/") + path

    def _check_demo(self) -> None:
        wanted = self.page(DEMO_ISSUER_PATH)
        demands = {
            "TORG_PORTAL_URL: must be on this machine with TORG_DEMO_ISSUER": on_this_machine(self.portal_url),
            f"TORG_OIDC_ISSUER: must be {wanted} with TORG_DEMO_ISSUER": self.oidc_issuer == wanted,
            "TORG_DEMO_ISSUER_KEY_FILE: must be set with TORG_DEMO_ISSUER": bool(self.demo_issuer_key_file),
        }
        if not all(demands.values()):
            raise SettingsError("\n".join(demand for demand, met in demands.items() if not met))


def on_this_machine(address: str) -> bool:
    """Whether a URL points at this very machine, whatever the network."""
    return urlsplit(address).hostname in LOOPBACK

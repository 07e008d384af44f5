"""Unexpected exceptions to Sentry: initialised in each process by itself, after its birth, and only with a DSN.

What leaves is scrubbed of account ids and secrets and holds no local variables and no host name. Each kind of
failure is sent at most once a minute: a report costs its caller milliseconds.
"""

from __future__ import annotations

import traceback
from typing import TYPE_CHECKING, Any, Final

from supervision.redaction import scrub

if TYPE_CHECKING:
    from sentry_sdk.types import Breadcrumb, BreadcrumbHint, Event, Hint

QUIET_SECONDS: Final = 60.0
"""How long the same failure is not sent again."""

Fingerprint = tuple[str, str, int]


class Limiter:
    """Lets each fingerprint through once in QUIET_SECONDS."""

    def __init__(self) -> None:
        self._sent: dict[Fingerprint, float] = {}

    def allows(self, fingerprint: Fingerprint, now: float) -> bool:
        """Whether to send at monotonic time `now`; if so, that is taken note of."""
        if now - self._sent.get(fingerprint, float("-inf")) < QUIET_SECONDS:
            return False
        self._sent[fingerprint] = now
        return True


def fingerprint(error: BaseException) -> Fingerprint:
    """What makes two failures the same: the type, and the line that raised it."""
    frames = traceback.extract_tb(error.__traceback__)
    where = frames[-1] if frames else None
    return (type(error).__qualname__, where.filename if where else "", (where.lineno or 0) if where else 0)


def initialise(dsn: str, environment: str, process: str) -> None:
    """Import and start the Sentry client."""
    import sentry_sdk
    from sentry_sdk.integrations.logging import LoggingIntegration

    sentry_sdk.init(
        dsn=dsn,
        environment=environment,
        server_name="supervised",
        include_local_variables=False,
        send_default_pii=False,
        auto_enabling_integrations=False,
        # a logged error is a breadcrumb; events are sent by `capture` alone, or each would be sent twice
        integrations=[LoggingIntegration(event_level=None)],
        before_send=_scrub_event,
        before_breadcrumb=_scrub_breadcrumb,
    )
    sentry_sdk.set_tag("process", process)


def _scrub_event(event: Event, _hint: Hint) -> Event:
    scrubbed: Any = scrub(event)
    return scrubbed  # type: ignore[no-any-return]


def _scrub_breadcrumb(breadcrumb: Breadcrumb, _hint: BreadcrumbHint) -> Breadcrumb:
    scrubbed: Any = scrub(breadcrumb)
    return scrubbed  # type: ignore[no-any-return]

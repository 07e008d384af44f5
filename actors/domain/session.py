"""The life of the link to the gateway as a state machine: no clock, no socket, no chance of its own.

down -> connecting -> up <-> degraded; after a loss waiting -> connecting. The epoch rises with every
session that came up, never otherwise, so a failed dial leaves no trace in it. The first redial after a
session that held is immediate; failures in a row wait longer and longer. A refusal (the wrong account
behind the port) is final: down, and the service ends. `now` is a monotonic time, `at` the same instant as
a date.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from actors.messages.session import SessionPhase, SessionView

LINK_LOST, LINK_BACK_DATA_LOST, LINK_BACK, SERVER_LINK_LOST = 1100, 1101, 1102, 2110
HELD_LONG_ENOUGH = 5.0  # a session shorter than this counts as a failure: no storm of redials


@dataclass(frozen=True)
class Backoff:
    """Seconds before attempt n + 1 after n failures: base * factor^(n-1), capped, stretched by up to jitter."""

    base: float
    factor: float
    ceiling: float
    jitter: float

    def delay(self, failures: int, chance: float) -> float:
        """`chance` is from [0, 1). No failure, no delay."""
        if failures == 0:
            return 0.0
        # Beyond 64 doublings the power overflows; the ceiling was reached long before.
        plain = min(self.ceiling, self.base * self.factor ** min(failures - 1, 64))
        return plain * (1 + self.jitter * chance)


class Heartbeat:
    """When to ask the gateway for a sign of life, and when its silence means that it is gone."""

    def __init__(self, interval: float, timeout: float) -> None:
        self._interval = interval
        self._timeout = timeout
        self._next: float | None = None
        self._asked: float | None = None

    def start(self, now: float) -> None:
        """A session came up."""
        self._next, self._asked = now + self._interval, None

    def stop(self) -> None:
        """It ended."""
        self._next = self._asked = None

    def hurry(self, now: float) -> None:
        """Ask as soon as can be; nothing changes while an answer is awaited, or without a session."""
        if self._next is not None:
            self._next = now

    def due(self, now: float) -> bool:
        """Whether to ask now. Says so once; the next time follows the answer."""
        if self._next is None or now < self._next:
            return False
        self._next = None
        return True

    def asked(self, now: float) -> None:
        """The question is on its way."""
        self._asked = now

    def answered(self, now: float) -> None:
        """The gateway answered; nothing changes when nobody had asked."""
        if self._asked is not None:
            self._asked, self._next = None, now + self._interval

    def overdue(self, now: float) -> bool:
        """Whether an answer should have come."""
        return self._asked is not None and now >= self._asked + self._timeout

    def wait(self, now: float) -> float | None:
        """Seconds until something is due or overdue; None when nothing can be."""
        if self._asked is not None:
            return max(0.0, self._asked + self._timeout - now)
        return None if self._next is None else max(0.0, self._next - now)


@dataclass(frozen=True)
class LinkChange:
    """The gateway's own link to the broker changed."""

    up: bool
    data_lost: bool


class Session:
    """Where the link stands. `epoch` is that of the current or last session."""

    def __init__(self, epoch: int, backoff: Backoff, at: datetime) -> None:
        self.epoch = epoch
        self.phase: SessionPhase = "down"
        self.since = at
        self.generation = 0
        self.accounts: tuple[str, ...] = ()
        self.next_order_id: int | None = None
        self.server_version: int | None = None
        self.reconnects = 0
        self.retry_at: datetime | None = None
        self.reason = "not started"
        self.clock_problem = ""
        self._backoff = backoff
        self._failures = 0
        self._up_since = 0.0
        self._ever_up = False

    @property
    def answers(self) -> bool:
        """Whether requests can be sent."""
        return self.phase in ("up", "degraded")

    def dialing(self, at: datetime) -> int:
        """An attempt begins; returns the epoch it will have if it comes up."""
        self._enter("connecting", at)
        return self.epoch + 1

    def came_up(
        self, accounts: tuple[str, ...], next_order_id: int, server_version: int, now: float, at: datetime
    ) -> None:
        """The gateway answers."""
        self.epoch += 1
        self.generation = 0
        self.accounts, self.next_order_id, self.server_version = accounts, next_order_id, server_version
        self.reconnects += int(self._ever_up)
        self._ever_up = True
        self._up_since = now
        self.reason = ""
        self._enter("up", at)

    def lost(self, reason: str, chance: float, now: float, at: datetime) -> float:
        """The session, or the attempt at one, is over. Returns the seconds to wait before the next attempt."""
        if self.answers and now - self._up_since >= HELD_LONG_ENOUGH:
            self._failures = 0
        else:
            self._failures += 1
        delay = self._backoff.delay(self._failures, chance)
        self._end(reason)
        self._enter("waiting", at)
        self.retry_at = at + timedelta(seconds=delay)
        return delay

    def refuse(self, reason: str, at: datetime) -> None:
        """Never trade on what is behind this port: down for good."""
        self._end(reason)
        self._enter("down", at)

    def link(self, code: int, at: datetime) -> LinkChange | None:
        """A code about the gateway's own link; None when nothing changed, as with a repeated 1100."""
        if not self.answers:
            return None
        if code in (LINK_LOST, SERVER_LINK_LOST):
            if self.phase == "degraded":
                return None
            self.reason = f"the gateway has lost its link to the broker (code {code})"
            self._enter("degraded", at)
            return LinkChange(up=False, data_lost=False)
        if code not in (LINK_BACK, LINK_BACK_DATA_LOST):
            return None
        data_lost = code == LINK_BACK_DATA_LOST
        self.generation += int(data_lost)
        self.reason = ""
        self._enter("up", at)
        return LinkChange(up=True, data_lost=data_lost)

    def view(
        self,
        *,
        endpoint: tuple[str, int],
        client_id: int,
        last_heartbeat: datetime | None,
        requests_waiting: int,
        callback_errors: int,
    ) -> SessionView:
        """The session as it is shown, with what others know of it."""
        return SessionView(
            state=self.phase,
            since=self.since,
            epoch=self.epoch,
            generation=self.generation,
            host=endpoint[0],
            port=endpoint[1],
            client_id=client_id,
            server_version=self.server_version,
            accounts=self.accounts,
            next_order_id=self.next_order_id,
            reconnects=self.reconnects,
            last_heartbeat=last_heartbeat,
            retry_at=self.retry_at,
            reason=self.reason,
            requests_waiting=requests_waiting,
            callback_errors=callback_errors,
            clock_problem=self.clock_problem,
        )

    def _end(self, reason: str) -> None:
        self.reason = reason
        self.accounts, self.next_order_id, self.server_version = (), None, None

    def _enter(self, phase: SessionPhase, at: datetime) -> None:
        if phase != self.phase:
            self.phase, self.since = phase, at
        self.retry_at = None


def refusal(mode: str, configured: Iterable[str], managed: Iterable[str]) -> str:
    """Why nothing may ever be traded behind this login; empty when it may.

    Every account there must be of the mode's kind, also one that is not ours to trade: IB marks paper accounts with a
    D and says the kind nowhere else. Those of the configuration must be among them.
    """
    managed = tuple(managed)
    strange = [account for account in managed if account.startswith("D") == (mode == "live")]
    if strange:
        kind = "is a paper account" if mode == "live" else "is no paper account and may be real money"
        more = f", and {len(strange) - 1} more are like it" if len(strange) > 1 else ""
        return f"mode is {mode}, but account {strange[0]} behind this port {kind}{more}"
    missing = [account for account in configured if account not in managed]
    if missing:
        return f"the configured account {', '.join(missing)} is not behind this port, which offers {', '.join(managed)}"
    return ""

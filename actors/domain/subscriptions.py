"""The subscription book: what is wanted and by whom, which lines are open, and what to do about the difference.

Pure: times are monotonic seconds given by the caller, effects are the actions that `due` returns. There is
never more than one line for a contract and never more than `max_lines` in all, counting those being opened
or closed. Wants outlive sessions. Lines belong to one socket, and nothing is opened or closed until `list_lines`
has told which lines that socket carries; whenever that is in doubt, it is asked again.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from typing import Final

from actors.messages.market import Contract
from supervision.errors import Rejected

OPERATOR: Final = "operator"
_NAMED = 5


@dataclass(frozen=True, slots=True)
class Open:
    """Open a line for this contract, then report `opened` or `failed`."""

    contract: Contract


@dataclass(frozen=True, slots=True)
class Close:
    """Close the line with this request id, then report `closed`."""

    request_id: int


@dataclass(slots=True)
class Want:
    """One contract, who holds it, how long it is kept when nobody does, and why it has no line if it was refused."""

    contract: Contract
    holders: set[Hashable] = field(default_factory=set)
    keep_until: float = -math.inf
    refused: str = ""
    retry_at: float = -math.inf


@dataclass(slots=True)
class _Line:
    con_id: int
    keep_until: float = -math.inf
    adopted: bool = False
    unproven: bool = False
    """Listed while an Open of its contract was on its way: the line of that Open, which may yet fail."""
    dead: bool = False
    closing: bool = False


class SubscriptionBook:
    """Wants and lines; they agree once every action of `due` is done and time has passed."""

    def __init__(self, *, max_lines: int, linger: float) -> None:
        self.max_lines = max_lines
        self.linger = linger
        self.wants: dict[int, Want] = {}
        self._known = False
        self._lines: dict[int, _Line] = {}
        self._opening: dict[int, bool] = {}  # con id -> whether the data was lost before the answer came

    @property
    def lines(self) -> int:
        """Lines the broker may count: open, being opened or being closed."""
        listed = {line.con_id for line in self._lines.values()}
        return len(self._lines) + len(self._opening.keys() - listed)

    # --- what is wanted -------------------------------------------------------------------------

    def hold(self, contract: Contract, holder: Hashable, now: float) -> None:
        """`holder` wants this contract until released. Rejected when that would take one line too many."""
        want = self.wants.get(contract.con_id)
        if want is None:
            self._make_room(contract)
            want = self.wants[contract.con_id] = Want(contract)
        want.holders.add(holder)
        want.retry_at = min(want.retry_at, now)

    def release(self, con_id: int, holder: Hashable, now: float, keep: float | None = None) -> bool:
        """`holder` is done with it; without holders it is kept `keep` seconds more (None: `linger`).

        False when `holder` did not hold it.
        """
        want = self.wants.get(con_id)
        if want is None or holder not in want.holders:
            return False
        want.holders.remove(holder)
        want.keep_until = max(want.keep_until, now + (self.linger if keep is None else keep))
        return True

    def keep(self, con_id: int, now: float, seconds: float) -> bool:
        """Keep what is wanted for so long at least, whoever holds it. False when it is not wanted."""
        want = self.wants.get(con_id)
        if want is not None:
            want.keep_until = max(want.keep_until, now + seconds)
        return want is not None

    def release_all(self, holder: Hashable, now: float) -> None:
        """Release everything `holder` holds."""
        for con_id in self.wants:
            self.release(con_id, holder, now)

    def _make_room(self, contract: Contract) -> None:
        """A want that nobody holds any more gives way to a new one."""
        if len(self.wants) < self.max_lines:
            return
        unheld = [want for want in self.wants.values() if not want.holders]
        if not unheld:
            raise Rejected(self._full(contract), kind="max_lines")
        del self.wants[min(unheld, key=lambda want: want.keep_until).contract.con_id]

    def _full(self, contract: Contract) -> str:
        held = self.wants.values()
        operator = [want.contract.symbol for want in held if want.holders == {OPERATOR}]
        named = ", ".join((operator or [want.contract.symbol for want in held])[:_NAMED])
        way = f"drop one that only the operator holds ({named})" if operator else f"unsubscribe one of ({named}, ...)"
        return (
            f"no line left for {contract.symbol}: market_data.max_lines = {self.max_lines} are all held; {way}, "
            "or raise max_lines if the account has more"
        )

    # --- what is open ---------------------------------------------------------------------------

    def forget_lines(self) -> None:
        """The socket is gone and every line with it. Refusals are forgotten too: the next session may allow."""
        self._known = False
        self._lines.clear()
        self._opening.clear()
        for want in self.wants.values():
            want.refused, want.retry_at = "", -math.inf

    def doubt_lines(self) -> None:
        """Which lines are open is no longer certain: wait for `list_lines`."""
        self._known = False

    def list_lines(self, lines: Iterable[tuple[int, int]], now: float, grace: float) -> None:
        """Lines (request id, con id) the socket carries: unwanted ones close after `grace`, doubled ones at once."""
        before, self._lines = self._lines, {}
        for request_id, con_id in lines:
            line = before.get(request_id) or _Line(
                con_id, keep_until=now + grace, adopted=True, unproven=con_id in self._opening
            )
            line.closing = False  # whether that close was done is what the list tells
            self._lines[request_id] = line
        self._known = True

    def request_of(self, con_id: int) -> int | None:
        """The request id of the line that serves this contract, None when it has none."""
        alive = (request for request, line in self._lines.items() if line.con_id == con_id and not line.dead)
        return next((request for request in alive if not self._lines[request].closing), None)

    @property
    def adopted(self) -> bool:
        """Whether some lines were opened by an earlier incarnation."""
        return any(line.adopted and not line.dead for line in self._lines.values())

    def renew_one(self) -> None:
        """Replace one adopted line that is wanted: only a new line brings the values that seldom change."""
        for line in self._lines.values():
            if line.adopted and not line.dead and not line.closing and line.con_id in self.wants:
                line.dead = True
                return

    def lose_data(self) -> None:
        """The broker dropped all subscriptions but the socket stands: every line is to be replaced."""
        for line in self._lines.values():
            line.dead = True
        self._opening = dict.fromkeys(self._opening, True)

    def opened(self, con_id: int, request_id: int) -> None:
        """An Open was done."""
        line = self._lines.setdefault(request_id, _Line(con_id))
        line.dead = self._opening.pop(con_id, False)
        line.unproven = False

    def failed(self, con_id: int, reason: str, retry_at: float) -> None:
        """An Open was not done; it is tried again at `retry_at`, when somebody new wants it, or in a new session."""
        self._opening.pop(con_id, None)
        self._lines = {
            request: line for request, line in self._lines.items() if line.con_id != con_id or not line.unproven
        }
        self._refuse(con_id, reason, retry_at)

    def refused(self, request_id: int, reason: str, retry_at: float) -> int | None:
        """The broker stopped an open line. Returns its con id, or None when the line is not ours any more."""
        line = self._lines.get(request_id)
        if line is None or line.dead or line.closing:
            return None
        line.dead = True
        self._refuse(line.con_id, reason, retry_at)
        return line.con_id

    def closed(self, request_id: int) -> None:
        """A Close was done, or the broker did not know the line."""
        self._lines.pop(request_id, None)

    def _refuse(self, con_id: int, reason: str, retry_at: float) -> None:
        want = self.wants.get(con_id)
        if want is not None:
            want.refused, want.retry_at = reason, retry_at

    # --- the difference -------------------------------------------------------------------------

    def due(self, now: float) -> list[Open | Close]:
        """What to do now, each exactly once: closes first, then opens, those of the operator before the others."""
        for con_id in [key for key, want in self.wants.items() if not want.holders and want.keep_until <= now]:
            del self.wants[con_id]
        if not self._known:
            return []
        missing = self._missing(now)
        closes = self._closes(now, len(missing))
        opens: list[Open | Close] = []
        for want in missing[: max(0, self.max_lines - self.lines)]:
            want.refused = ""
            self._opening[want.contract.con_id] = False
            opens.append(Open(want.contract))
        return [*closes, *opens]

    def next_due(self, now: float) -> float | None:
        """When, after `now`, `due` may have something new to do although nothing was reported; None: never."""
        times = [want.keep_until for want in self.wants.values() if not want.holders]
        times += [want.retry_at for want in self.wants.values() if want.refused]
        unwanted = (line for line in self._lines.values() if line.con_id not in self.wants)
        times += [line.keep_until for line in unwanted if not line.closing]
        return min((time for time in times if now < time < math.inf), default=None)

    def _missing(self, now: float) -> list[Want]:
        """Wants that may have a line and have none, nor one that still has to go first."""
        busy = self._opening.keys() | {line.con_id for line in self._lines.values()}
        found = [
            want
            for con_id, want in self.wants.items()
            if con_id not in busy and not (want.refused and want.retry_at > now)
        ]
        return sorted(found, key=lambda want: OPERATOR not in want.holders)

    def _closes(self, now: float, missing: int) -> list[Close]:
        """Dead, doubled and unwanted lines; unwanted ones give way before their time when room is needed."""
        leaving = sum(line.closing for line in self._lines.values())
        short = missing - (self.max_lines - self.lines + leaving)
        served: set[int] = set()
        found: list[Close] = []
        for request_id, line in self._lines.items():
            if line.closing or line.con_id in self._opening:  # the answer tells whether this line is that one
                continue
            if line.con_id in self.wants:
                keep = not line.dead and line.con_id not in served
            else:
                keep = not line.dead and line.keep_until > now and short <= 0
            if keep:
                served.add(line.con_id)
            else:
                short -= 1
                line.closing = True
                found.append(Close(request_id))
        return found

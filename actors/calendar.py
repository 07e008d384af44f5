"""Calendar: when exchanges trade, a week back and a year ahead, by the package exchange_calendars.

That package brings pandas and four times the memory of an actor, which is why it has a process of its own: nothing
else imports it, and the fork server does not load it. Nobody waits for this process to trade; without it what Order
knows of a calendar stays in force. Sessions are worked out once a day for each exchange that is asked for, so that
a process that runs for a year never comes to the end of its calendars.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, Final

from actors.domain.venues import CALENDARS
from actors.messages.risk import GetSessions, Sessions
from supervision import clock
from supervision.actor import Actor, Context, Sender, handles
from supervision.errors import Rejected

if TYPE_CHECKING:
    from collections.abc import Iterator

BACK: Final = timedelta(7)
AHEAD: Final = timedelta(365)
_DAY: Final = timedelta(1)


class CalendarActor(Actor):
    """Answers from memory within a day; the first question for an exchange takes about a tenth of a second."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._known: dict[str, tuple[date, Sessions]] = {}

    def on_start(self) -> None:
        """Load the package after reporting for work: that takes half a second, and most of a start's time."""
        self.reactor.after(0.0, _load)

    @handles(GetSessions)
    def _sessions(self, message: GetSessions, _: Sender) -> Sessions:
        name = CALENDARS.get(message.exchange)
        if name is None:
            known = ", ".join(sorted(CALENDARS))
            raise Rejected(f"no calendar is known for exchange {message.exchange!r} (known: {known})", kind="unknown")
        today = clock.now().date()
        worked_out, sessions = self._known.get(name, (None, None))
        if sessions is None or worked_out != today:
            sessions = work_out(name, today)
            self._known[name] = today, sessions
        return sessions


def work_out(name: str, today: date) -> Sessions:
    """The sessions of a calendar around a day. Raises Rejected when the package cannot tell them."""
    from exchange_calendars import get_calendar

    first, last = today - BACK, today + AHEAD
    try:
        rows = get_calendar(name, start=first.isoformat(), end=last.isoformat()).schedule
    except ValueError as error:  # what the package raises for dates that it does not know
        raise Rejected(f"calendar {name} cannot be worked out: {error}", kind="unknown") from error
    items = tuple(span for row in rows.to_dict("records") for span in _spans(row))
    # a session of the first or last day may reach over midnight, in UTC
    return Sessions(name, _midnight(first + _DAY), _midnight(last), items)


def _spans(row: dict[str, Any]) -> Iterator[tuple[datetime, datetime]]:
    """One day's session, or the two on both sides of its break, as plain datetimes: the package's are its own."""
    opens, pause, goes_on, closes = (row[name] for name in ("open", "break_start", "break_end", "close"))
    if pause == pause:  # noqa: PLR0124 - what is not there is a NaT, which alone is unlike itself
        yield _plain(opens), _plain(pause)
        opens = goes_on
    yield _plain(opens), _plain(closes)


def _plain(stamp: Any) -> datetime:
    moment: datetime = stamp.to_pydatetime()
    return moment.astimezone(UTC)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _load() -> None:
    import exchange_calendars  # noqa: F401 - so that the first question need not

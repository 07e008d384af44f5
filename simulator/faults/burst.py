"""A burst: so many tick messages into one client, as fast as its socket takes them, in little memory.

The ticks belong to the lines that the client watches. They are made before the first one leaves, from the quotes of
the moment or out of a wire log, and begin anew as often as the number asks for. `Session.source` adds a little more
whenever the output has drained. Afterwards the client's view is not the market's: `done` puts that right.
"""

from __future__ import annotations

import itertools
import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final, NamedTuple

from simulator.faults.act import Act, Answer, Impossible
from simulator.gateway import Gateway
from simulator.market.instrument import Instrument
from simulator.market.line import Line
from simulator.market.walk import mix
from simulator.session import CONGESTED, Session
from simulator.wire import quote_messages, tick_types
from simulator.wire.framing import frame

_ROUNDS: Final = 60
"""How many ticks of each line there are before they begin anew."""
_PIECE: Final = 4000
_SIDES: Final = (
    (tick_types.BID, tick_types.BID_SIZE, -1),
    (tick_types.ASK, tick_types.ASK_SIZE, 1),
    (tick_types.LAST, tick_types.LAST_SIZE, 0),
)
_RECORDED: Final = {1, 2, 45, 46}
"""Tick messages that begin with a version and the request id: price, size, generic, string."""


class Tick(NamedTuple):
    """One framed message and its id."""

    message_id: int
    data: bytes


class BurstActs:
    """The statement `burst`."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self.acts: dict[str, Act] = {"burst": self._burst}

    def _burst(self, count: int, client: int | None, file: str | None) -> Answer:
        """Begin a burst into one client that watches lines, or into each of them."""
        chosen = {
            session: watched
            for session in self._gateway.sessions
            if client in {None, session.client_id} and (watched := self._gateway.quotes.watched(session))
        }
        if not chosen:
            raise Impossible("no client watches a line" if client is None else f"client {client} watches no line")
        if any(session.source for session in chosen):
            raise Impossible("a burst is under way")
        ticks = {session: self._ticks(watched, file) for session, watched in chosen.items()}
        for session in chosen:
            Burst(session, ticks[session], count, partial(self._gateway.quotes.recall, session))
        return {"messages": count * len(chosen)}

    def _ticks(self, watched: Mapping[int, Instrument], file: str | None) -> list[Tick]:
        if file is None:
            market = self._gateway.market
            return prepared({number: market.line(item) for number, item in watched.items()})
        try:
            return recorded(Path(file), sorted(watched))
        except ValueError as error:
            raise Impossible(str(error)) from error


class Burst:
    """One burst under way; `done` is called once when its last message is in the session's output."""

    def __init__(self, session: Session, ticks: Sequence[Tick], count: int, done: Callable[[], None]) -> None:
        self.left = count
        self._session = session
        self._ticks = itertools.cycle(ticks)
        self._done = done
        session.source = self.refill
        self.refill()

    def refill(self) -> None:
        """Fill the session's output up to twice what makes it congested, so that it is withheld other quotes."""
        session = self._session
        room = 2 * CONGESTED - len(session.output)
        while self.left and not session.over and room > 0:
            piece = list(itertools.islice(self._ticks, min(self.left, _PIECE)))
            self.left -= len(piece)
            data = b"".join([tick.data for tick in piece])
            room -= len(data)  # though a rule may keep it from the output: others are served in between
            session.send_frames(data, Counter([tick.message_id for tick in piece]))
        if session.source is not None and (session.over or not self.left):
            session.source = None
            self._done()


def prepared(watched: Mapping[int, Line]) -> list[Tick]:
    """Ticks around the present quotes of lines by request id: a price with its size, then a size alone, in turn."""
    lines = sorted(watched.items())
    return [_tick(line, request_id, turn) for turn in range(_ROUNDS) for request_id, line in lines]


def _tick(line: Line, request_id: int, turn: int) -> Tick:
    sides = _SIDES if line.instrument.trades else _SIDES[:2]
    kind, size_kind, side = sides[turn // 2 % len(sides)]
    noise = mix(line.instrument.con_id, request_id, turn)
    size = (1 + noise % 30) * line.instrument.lot
    if turn % 2:
        return _framed(2, quote_messages.size_tick(size_kind, size), request_id)
    price = max(1, line.quote.bid + side + (noise >> 8) % 7 - 3)
    return _framed(1, quote_messages.price_tick(kind, line.price(price), size), request_id)


def _framed(message_id: int, tick: quote_messages.Tick, request_id: int) -> Tick:
    head, tail = tick
    return Tick(message_id, frame(head + str(request_id).encode() + tail))


def recorded(path: Path, request_ids: Sequence[int]) -> list[Tick]:
    """The ticks of a wire log, their request ids replaced by these in the order of first use.

    OSError when it cannot be read, ValueError with file, line and reason when a line is no message or no tick is there.
    """
    ticks: list[Tick] = []
    names: dict[str, int] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        try:
            message = json.loads(line)
            fields: list[Any] = message["fields"]
            if message["dir"] != "s2c" or int(fields[0]) not in _RECORDED:
                continue
            request_id = names.setdefault(fields[2], request_ids[len(names) % len(request_ids)])
        except (ValueError, LookupError, TypeError) as error:
            raise ValueError(f"{path.name}, line {number}: expected a message of a wire log: {error!r}") from error
        values = [*fields[:2], request_id, *fields[3:]]
        ticks.append(Tick(int(fields[0]), frame(("\0".join(map(str, values)) + "\0").encode())))
    if not ticks:
        raise ValueError(f"{path.name}: there are no ticks in it")
    return ticks

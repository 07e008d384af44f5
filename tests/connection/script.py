"""A gateway whose every word a test writes, for a Connection that runs."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any, Self

from actors.messages import broker
from actors.messages.market import Contract
from actors.messages.session import SessionView
from tests.connection.bench import Bench, bench
from tests.ib.scripted import ACCOUNTS, GREETING, NEXT_ID, exactly, read_frame
from tests.support.frames import text_frame

HELLO_BYTES = 17
AAPL = Contract("AAPL", con_id=265598)


class Script:
    """A gateway that does what it is told, with blocking sockets."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(5.0)
        self.port = self._listener.getsockname()[1]
        self.client: socket.socket | None = None

    def accept(self) -> socket.socket:
        """The next session's socket, its hello read."""
        self.hang_up()
        self.client, _ = self._listener.accept()
        self.client.settimeout(5.0)
        exactly(self.client, HELLO_BYTES)
        return self.client

    def greet(self, accounts: bytes = ACCOUNTS) -> socket.socket:
        """A session that begins, with these accounts."""
        client = self.accept()
        client.sendall(GREETING + accounts + NEXT_ID)
        assert read_frame(client)[0] == "71"
        return client

    def start(self, ahead: float = 0.0) -> socket.socket:
        """A session that comes up, its first question answered: what time it is. Our clock is so many seconds ahead."""
        client = self.greet()
        self.tell_time(ahead)
        return client

    def tell_time(self, ahead: float = 0.0) -> None:
        """Hear the next question for the time and answer it."""
        assert self.read() == ("49", "1")
        self.say(49, 1, int(time.time() - ahead))

    def say(self, *fields: object) -> None:
        assert self.client is not None
        self.client.sendall(text_frame(*fields))

    def read(self) -> tuple[str, ...]:
        assert self.client is not None
        return read_frame(self.client)

    def hang_up(self) -> None:
        if self.client is not None:
            self.client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.hang_up()
        self._listener.close()


@contextmanager
def stage(tmp_path: Path, accounts: tuple[str, ...] = (), **settings: Any) -> Iterator[tuple[Bench, Script]]:
    with Script() as script, bench(tmp_path) as it:
        it.start(mode="paper", accounts=accounts, port=script.port, **settings)
        yield it, script


def terms(key: str = "k", quantity: int = 10) -> broker.OrderTerms:
    return broker.OrderTerms("DU1234567", "BUY", Decimal(quantity), "MKT", None, None, "DAY", key)


def waiting(view: SessionView) -> bool:
    return view.state == "waiting"

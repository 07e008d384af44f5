"""Steering a simulator from outside: one statement or question a line on a loopback TCP port, one line of JSON back.

    price AAPL 150            {"ok": true}
    status                    {"ok": true, "listening": true, "clients": [...], ...}
    drpo tickPrice            {"ok": false, "error": "there is no statement `drpo`; did you mean `drop`? ..."}

The language is that of scripts, see docs/simulator.md. Nobody who connects here can hold up the simulator: a line that
is too long, answers that are not read and more connections than `MOST_PEERS` end the connection concerned.
"""

from __future__ import annotations

import json
import socket
from functools import partial
from types import TracebackType
from typing import Final, Self

from simulator.faults.act import Answer
from simulator.faults.director import Director
from simulator.faults.language import ScriptError, parse_line
from supervision.acceptor import Acceptor
from supervision.reactor import Callback, Reactor

LONGEST_LINE: Final = 8 * 1024
"""Bytes; more than any statement takes."""
MOST_UNREAD: Final = 1024 * 1024
"""Bytes of answers that wait for a peer."""
MOST_PEERS: Final = 32
"""One more, and the peer that has said nothing for the longest time is dropped."""
_READ: Final = 1024
"""Bytes that one peer is read at a time: nobody keeps the others waiting with more questions than fit."""


class ControlError(Exception):
    """A statement that was refused; the text says why."""


class _Peer:
    """One connection and what waits on both its sides."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self.input = bytearray()
        self.output = bytearray()
        self.leaving = False


class Control:
    """Listens for statements and has the director carry them out; `done` is called after each."""

    def __init__(self, reactor: Reactor, director: Director, done: Callback, host: str) -> None:
        self._reactor = reactor
        self._director = director
        self._done = done
        self._peers: list[_Peer] = []
        self._listener = socket.create_server((host, 0))
        self._acceptor = Acceptor(self._listener, reactor, self._welcome)
        self.port: int = self._listener.getsockname()[1]

    def close(self) -> None:
        """Stop listening and drop whoever is connected."""
        for peer in list(self._peers):
            self._drop(peer)
        self._acceptor.close()
        self._listener.close()

    def answer(self, line: bytes) -> Answer:
        """Carry out one line."""
        try:
            answer = self._director.do(parse_line(line.decode()))
        except UnicodeDecodeError:
            return {"ok": False, "error": "the line is not UTF-8 text"}
        except ScriptError as error:
            return {"ok": False, "error": str(error)}
        finally:
            self._done()
        return {"ok": True, **answer}

    def _welcome(self, connection: socket.socket) -> None:
        connection.setblocking(False)
        if len(self._peers) == MOST_PEERS:
            self._drop(self._peers[0])
        peer = _Peer(connection)
        self._peers.append(peer)
        self._reactor.watch(connection, partial(self._read, peer), partial(self._write, peer))

    def _read(self, peer: _Peer) -> None:
        if peer not in self._peers:
            return
        try:
            data = peer.connection.recv(_READ)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data or peer.leaving:
            self._drop(peer)
            return
        self._peers.remove(peer)
        self._peers.append(peer)  # the last one that said something
        peer.input += data
        self._answer_lines(peer)
        self._write(peer)

    def _answer_lines(self, peer: _Peer) -> None:
        while not peer.leaving and b"\n" in peer.input:
            line, _, rest = bytes(peer.input).partition(b"\n")
            peer.input[:] = rest
            self._say(peer, self.answer(line))
            if len(peer.output) > MOST_UNREAD:
                self._leave(peer, "the answers are not read")
        if len(peer.input) > LONGEST_LINE:
            self._leave(peer, f"a line is longer than {LONGEST_LINE} bytes")

    def _leave(self, peer: _Peer, reason: str) -> None:
        """The connection is over once this was said."""
        self._say(peer, {"ok": False, "error": reason})
        peer.leaving = True
        peer.input.clear()

    def _say(self, peer: _Peer, answer: Answer) -> None:
        peer.output += json.dumps(answer, default=str).encode() + b"\n"

    def _write(self, peer: _Peer) -> None:
        if peer not in self._peers:
            return
        try:
            while peer.output:
                del peer.output[: peer.connection.send(peer.output)]
        except BlockingIOError:
            pass
        except OSError:
            self._drop(peer)
            return
        if peer.leaving and not peer.output:
            self._drop(peer)
        else:
            self._reactor.want_write(peer.connection, bool(peer.output))

    def _drop(self, peer: _Peer) -> None:
        self._peers.remove(peer)
        self._reactor.unwatch(peer.connection)
        peer.connection.close()


class ControlClient:
    """A blocking connection to a simulator's control port."""

    def __init__(self, host: str, port: int, timeout: float = 10.0) -> None:
        self._socket = socket.create_connection((host, port), timeout)
        self._file = self._socket.makefile("rb")

    def do(self, line: str) -> Answer:
        """Send a statement or question and return its answer. Raises ControlError when it is refused, OSError when the
        simulator is gone and it may or may not have been carried out.
        """
        if "\n" in line:
            raise ControlError("one statement at a time: there is a line break in it")
        self._socket.sendall(line.encode() + b"\n")
        said = self._file.readline()
        if not said.endswith(b"\n"):
            raise ConnectionResetError("the simulator closed the control connection")
        answer: Answer = json.loads(said)
        if not answer.pop("ok"):
            raise ControlError(answer["error"])
        return answer

    def close(self) -> None:
        """Hang up."""
        self._file.close()
        self._socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

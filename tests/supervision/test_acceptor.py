"""Who knocks while the actor is busy gets in at its next look, all at once."""

from __future__ import annotations

import socket
from contextlib import ExitStack
from pathlib import Path

from supervision.acceptor import AT_ONCE, Acceptor
from supervision.reactor import Reactor


def test_all_who_knocked_meanwhile_are_accepted_at_one_look(tmp_path: Path) -> None:
    reactor = Reactor()
    accepted: list[socket.socket] = []
    with ExitStack() as stack:
        listener = stack.enter_context(socket.socket(socket.AF_UNIX))
        listener.bind(str(tmp_path / "door"))
        listener.listen(64)
        acceptor = Acceptor(listener, reactor, lambda sock: accepted.append(stack.enter_context(sock)))
        for _ in range(AT_ONCE + 3):
            stack.enter_context(socket.socket(socket.AF_UNIX)).connect(str(tmp_path / "door"))
        reactor.poll(0.0)
        assert len(accepted) == AT_ONCE, "so many, and then the others have their turn"
        reactor.poll(0.0)
        assert len(accepted) == AT_ONCE + 3
        acceptor.close()
        reactor.close()


def test_who_knocks_in_the_moment_of_closing_is_not_accepted_and_nothing_fails(tmp_path: Path) -> None:
    reactor = Reactor()
    accepted: list[socket.socket] = []
    with ExitStack() as stack:
        listener = stack.enter_context(socket.socket(socket.AF_UNIX))
        listener.bind(str(tmp_path / "door"))
        listener.listen(1)
        acceptor = Acceptor(listener, reactor, accepted.append)
        stack.enter_context(socket.socket(socket.AF_UNIX)).connect(str(tmp_path / "door"))
        (accept,) = reactor.select(0.0)
        acceptor.close()
        listener.close()
        accept()
        assert accepted == []
        reactor.close()

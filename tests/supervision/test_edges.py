"""Ref and Hub used as strangers to the service use them: threads, forks, cancelled futures, failing callbacks."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import multiprocessing
import queue
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from supervision.boot import socket_path
from supervision.errors import ActorUnavailable
from supervision.message import Message
from supervision.ref import Hub, Ref
from tests.supervision.words import WORDS, Echo, Note, Parrot, Say
from tests.support.local import LocalActor, LocalService


@pytest.fixture
def service() -> Iterator[LocalService]:
    with LocalService(WORDS) as service:
        yield service


def test_an_ask_whose_caller_gave_up_costs_nobody_else_an_answer(service: LocalService) -> None:
    service.start("parrot", Parrot)
    ref = service.ref("parrot")
    ref.ask_future(Say("the link is up")).result(5)

    async def give_up() -> None:
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(ref.ask_async(Say("never"), timeout=0.2), 0.05)

    asyncio.run(give_up())
    assert ref.ask_future(Say("before its deadline")).result(5) == Echo("before its deadline")
    time.sleep(0.3)  # past the deadline of the ask that nobody waits for
    assert ref.ask_future(Say("after it")).result(5) == Echo("after it")


def test_a_callback_that_raises_is_logged_and_the_next_message_arrives(
    service: LocalService, caplog: pytest.LogCaptureFixture
) -> None:
    parrot = service.start("parrot", Parrot)
    heard: queue.SimpleQueue[Message] = queue.SimpleQueue()

    def listen(message: Message) -> None:
        heard.put(message)
        raise ZeroDivisionError("a user's mistake")

    hub = Hub(service.run_dir, service.codec)
    hub.listen("parrot", ("news",), listen)
    assert heard.get(timeout=5) == Note("welcome")
    parrot.call(lambda: parrot.actor.publish("news", Note("next")))
    assert heard.get(timeout=5) == Note("next")
    assert hub.ask("parrot", Say("alive"), 5).result(5) == Echo("alive")
    hub.close()
    errors = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert ["a user's mistake" in str(record.exc_info) for record in errors] == [True, True]


def test_closing_ends_every_open_future_and_refuses_later_asks(service: LocalService) -> None:
    parrot = service.start("parrot", Parrot)
    service.bind("nobody_home")
    hub = Hub(service.run_dir, service.codec)
    hub.ask("parrot", Say("the link is up"), 5).result(5)
    sent, waiting = hub.ask("parrot", Say("never"), 60), hub.ask("nobody_home", Say("x"), 60)
    hub.ask("parrot", Say("both are on their way"), 5).result(5)
    assert parrot.host.error is None
    hub.close()
    assert sent.exception(5) is not None
    assert isinstance(waiting.exception(0.5), ActorUnavailable)
    assert isinstance(hub.ask("parrot", Say("too late"), 60).exception(0.5), ActorUnavailable)
    hub.close()


def test_an_ask_ends_at_its_deadline_when_the_address_takes_no_more_callers(service: LocalService) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as address:
        address.bind(str(socket_path(service.run_dir, "parked")))
        address.listen(0)
        outcome: queue.SimpleQueue[BaseException] = queue.SimpleQueue()

        def ask() -> None:
            for _ in range(3):
                try:
                    Ref(service.run_dir, "parked", service.codec).ask(Say("anybody?"), timeout=0.1)
                except ActorUnavailable as error:
                    outcome.put(error)

        threading.Thread(target=ask, daemon=True).start()
        for _ in range(3):
            assert "no answer to the hello" in str(outcome.get(timeout=3))


def peers(parrot: LocalActor) -> int:
    return int(parrot.call(lambda: len(parrot.actor._listener.peers)))


def test_threads_that_have_ended_leave_no_connection_behind(service: LocalService) -> None:
    parrot = service.start("parrot", Parrot)
    ref = service.ref("parrot")
    for _ in range(20):
        thread = threading.Thread(target=ref.ask, args=(Say("once"),))
        thread.start()
        thread.join()
    ref.ask(Say("last"))
    deadline = time.monotonic() + 5
    while peers(parrot) > 2 and time.monotonic() < deadline:
        ref.ask(Say("let it notice"))
    assert peers(parrot) <= 2


def _ask_in_child(ref: Ref, hub: Hub, out: multiprocessing.connection.Connection) -> None:
    answers = [ref.ask(Say(f"child {number}")) for number in range(200)]
    right = answers == [Echo(f"child {number}") for number in range(200)]
    try:
        hub.ask("parrot", Say("x"), 5)
    except RuntimeError as error:
        out.send((right, str(error)))
    else:
        out.send((right, "no error"))


def test_after_a_fork_parent_and_child_never_get_the_answers_of_each_other(service: LocalService) -> None:
    service.start("parrot", Parrot)
    ref = service.ref("parrot")
    ref.ask(Say("connected before the fork"))
    hub = Hub(service.run_dir, service.codec)
    ours, theirs = multiprocessing.Pipe()
    child = multiprocessing.get_context("fork").Process(target=_ask_in_child, args=(ref, hub, theirs))
    child.start()
    for number in range(200):
        assert ref.ask(Say(f"parent {number}")) == Echo(f"parent {number}")
    assert ours.poll(10)
    right, error = ours.recv()
    child.join(5)
    hub.close()
    assert right
    assert "fork" in error

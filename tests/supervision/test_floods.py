"""Too much at once: nobody waits behind a flood, nobody dies of one, and what is dropped is counted."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from supervision.boot import socket_path
from supervision.errors import AskTimeout
from supervision.lifecycle import Ping
from supervision.mailbox import POLL_EVERY, SHED_LIMIT
from supervision.message import Message
from supervision.peer import BATCH
from supervision.wire import Hello, Tell
from tests.supervision.toy_run import Service, eventually, toy
from tests.supervision.toys import Nap, WhoAreYou
from tests.supervision.words import WORDS, Block, Chew, Crumb, Echo, Parrot, Say
from tests.support.local import LocalService

FLOOD = 50_000


@pytest.fixture
def parrots() -> Iterator[LocalService]:
    with LocalService(WORDS) as service:
        yield service


@contextlib.contextmanager
def flood(
    service: LocalService, message: Message, count: int = FLOOD, begin: threading.Event | None = None
) -> Iterator[threading.Thread]:
    """Somebody who sends so many messages to the parrot as fast as they are taken, perhaps after a sign; the thread
    ends when all are sent.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock:
        sock.connect(str(socket_path(service.run_dir, "parrot")))
        sock.sendall(service.codec.encode(Hello("flooder", 1, service.codec.fingerprint)))
        sock.recv(4096)

        def send() -> None:
            if begin is not None:
                begin.wait(10)
            with contextlib.suppress(OSError):  # cut short at the end of the test
                sock.sendall(bytes(service.codec.encode(Tell(message))) * count)

        thread = threading.Thread(target=send)
        thread.start()
        yield thread
        sock.shutdown(socket.SHUT_RDWR)
        thread.join()


def test_one_who_floods_an_actor_gets_a_batch_in_before_anybody_elses_message(parrots: LocalService) -> None:
    parrot = parrots.start("parrot", Parrot).actor
    ref = parrots.ref("parrot")
    ref.ask(Say("connected"))
    with flood(parrots, Chew()):
        eventually(lambda: True if parrot.chewed > BATCH else None)
        for _ in range(3):
            before = parrot.chewed
            assert ref.ask(Say("between"), timeout=5) == Echo("between")
            assert parrot.chewed - before <= BATCH + 2 * POLL_EVERY


def test_ping_and_stop_are_served_within_a_second_under_a_flood(parrots: LocalService) -> None:
    parrot = parrots.start("parrot", Parrot)
    mailbox = parrot.actor.context.mailbox
    with flood(parrots, Chew()):
        eventually(lambda: True if parrot.actor.chewed > BATCH else None)
        began = time.monotonic()
        mailbox.put_control(Ping(1))
        eventually(lambda: True if parrot.host.pongs else None)
        assert time.monotonic() - began < 1.0
        assert mailbox.depth > 0
        parrots.stop("parrot", seconds=1.0)


def test_all_of_a_flood_arrives_in_its_order_when_it_is_worked_down(parrots: LocalService) -> None:
    parrot = parrots.start("parrot", Parrot)
    ref = parrots.ref("parrot")
    futures = [ref.ask_future(Say(str(number)), timeout=20) for number in range(5 * BATCH + 1)]
    assert [future.result(20).text for future in futures] == [str(number) for number in range(5 * BATCH + 1)]
    assert parrot.actor.context.mailbox.depth == 0


def test_what_may_be_shed_is_shed_and_counted_while_too_much_waits(parrots: LocalService) -> None:
    parrot = parrots.start("parrot", Parrot)
    ref = parrots.ref("parrot")
    ref.ask(Say("connected"))
    with contextlib.ExitStack() as floods:
        senders = [floods.enter_context(flood(parrots, Crumb(0), BATCH, begin=parrot.actor.blocked)) for _ in range(3)]
        assert ref.ask_future(Block(), timeout=10)
        for sender in senders:
            sender.join(5)  # a batch of each fits the kernel's buffer
        parrot.actor.release.set()
        eventually(lambda: True if parrot.actor.chewed + mailbox_shed(parrot) == 3 * BATCH else None)
    assert parrot.actor.chewed >= SHED_LIMIT
    assert mailbox_shed(parrot) > 0


def mailbox_shed(parrot: object) -> int:
    return int(parrot.actor.context.mailbox.tally.shed)  # type: ignore[attr-defined]


def test_slow_work_with_a_long_queue_is_called_overload_once_and_nobody_is_killed(service: Service) -> None:
    assert service.start(toy("mike", hang_limit=1.5)) == "ready"
    mike = service.who("mike")
    for _ in range(4):
        service.ref("mike").tell(Nap(1.2))  # 80 % of what is a hang
    eventually(lambda: True if service.tree().children[0].state == "overloaded" else None)
    eventually(lambda: True if service.tree().children[0].state == "running" else None)
    assert service.who("mike").pid == mike.pid
    assert service.tree().deaths == ()
    assert service.log().count("mike is overloaded; ") == 1
    assert service.log().count("mike is no longer overloaded") == 1


def test_an_ask_that_waited_past_its_deadline_is_discarded_and_counted_in_the_tree(service: Service) -> None:
    assert service.start(toy("mike")) == "ready"
    ref = service.ref("mike")
    ref.ask(WhoAreYou())
    ref.tell(Nap(0.5))
    for _ in range(3):
        with pytest.raises(AskTimeout):
            ref.ask(WhoAreYou(), timeout=0.05)
    view = eventually(lambda: view if (view := service.tree().children[0]).expired else None)
    assert view.expired == 3
    assert view.state == "running"

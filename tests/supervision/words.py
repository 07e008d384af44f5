"""A toy conversation for the tests of supervision."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from supervision.actor import LATER, Actor, Context, Sender, handles
from supervision.errors import Rejected
from supervision.message import Ask, Delivery, Message
from supervision.peer import Peer
from supervision.uplink import Uplink


class Echo(Message, frozen=True):
    text: str


class Say(Ask[Echo], frozen=True):
    """Answered with its own text; `boom` raises, `no` is refused, `never` gets no answer."""

    text: str


class Block(Ask[Echo], frozen=True):
    """Holds the handler until the test lets go."""


class Note(Message, frozen=True):
    text: str


class Price(Message, frozen=True):
    delivery = Delivery.CONFLATE

    symbol: str
    value: int

    def conflation_key(self) -> object:
        return self.symbol


class Crumb(Message, frozen=True):
    delivery = Delivery.SHED

    number: int


class Chew(Message, frozen=True):
    """Takes a millisecond."""


WORDS: tuple[type[Message], ...] = (Echo, Say, Block, Note, Price, Crumb, Chew)


class Parrot(Actor):
    """Answers, publishes nothing by itself, and records what it is told."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.notes: list[str] = []
        self.noted = threading.Event()
        self.blocked = threading.Event()
        self.release = threading.Event()
        self.chewed = 0
        self.attached: list[tuple[str, ...]] = []
        self.lost: list[str] = []

    @handles(Say)
    def say(self, message: Say, _: Sender) -> Any:
        match message.text:
            case "boom":
                raise ValueError("boom")
            case "no":
                raise Rejected("quantity = -1: must be above 0")
            case "never":
                return LATER
            case text:
                return Echo(text)

    @handles(Block)
    def block(self, _: Block, __: Sender) -> Echo:
        self.blocked.set()
        assert self.release.wait(10)
        return Echo("released")

    @handles(Note)
    def note(self, message: Note, _: Sender) -> None:
        self.notes.append(message.text)
        self.noted.set()

    @handles(Chew)
    def chew(self, _: Chew, __: Sender) -> None:
        time.sleep(0.001)
        self.chewed += 1

    @handles(Crumb)
    def crumb(self, _: Crumb, __: Sender) -> None:
        self.chewed += 1

    def on_attach(self, peer: Peer, topics: tuple[str, ...]) -> None:
        self.attached.append(topics)
        peer.send(Note("welcome"))

    def on_peer_down(self, peer: Peer) -> None:
        self.lost.append(peer.name)


class Follower(Actor):
    """Links to `parrot` with topic `news` and records everything in order."""

    def __init__(self, context: Context, *, on_record: Callable[[object], None]) -> None:
        super().__init__(context)
        self.record = on_record

    def on_start(self) -> None:
        self.parrot = self.link("parrot", topics=("news",), on_up=self.up, on_down=self.down)

    def up(self, _: Uplink, incarnation: int) -> None:
        self.record(("up", incarnation))

    def down(self, _: Uplink) -> None:
        self.record("down")

    @handles(Note)
    def note(self, message: Note, _: Sender) -> None:
        self.record(message.text)

    @handles(Price)
    def price(self, message: Price, _: Sender) -> None:
        self.record((message.symbol, message.value))

    @handles(Crumb)
    def crumb(self, message: Crumb, _: Sender) -> None:
        self.record(message.number)

"""Toy actors in real processes, and the messages to make them fail in every way."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from supervision.actor import Actor, Context, Sender, handles
from supervision.errors import ConfigurationError, NotAllowed
from supervision.lifecycle import ActorDown, ActorUp
from supervision.message import Ask, Done, Message


class Toy(Message, frozen=True):
    """What a toy knows about itself."""

    name: str
    pid: int
    incarnation: int
    notices: tuple[str, ...]
    main_was_imported_again: bool


class WhoAreYou(Ask[Toy], frozen=True):
    pass


class Fail(Ask[Done], frozen=True):
    """`raise`, `meet a stranger`, `hang`, `spin` (in C code), `exit`, or `leave children` and hang: no answer comes."""

    how: str


class Nap(Message, frozen=True):
    """Holds the handler for a while."""

    seconds: float


class Parcel(Ask[Done], frozen=True):
    """Something that may come again; `bad` ones break the toy that opens them."""

    number: int
    bad: bool = False

    def identity(self) -> str:
        return f"no {self.number}"


class Parcels(Ask[Done], frozen=True):
    """A batch of them."""

    items: tuple[Parcel, ...]


TOYS: tuple[type[Message], ...] = (Toy, WhoAreYou, Fail, Nap, Parcel, Parcels)


class ToyActor(Actor):
    """Fails on request; `diary` is a file in which every toy notes its end."""

    def __init__(
        self,
        context: Context,
        *,
        diary: Path | None = None,
        watches: tuple[str, ...] = (),
        misconfigured: bool = False,
        broken: bool = False,
        stubborn: bool = False,
        slow_to_start: float = 0.0,
    ) -> None:
        super().__init__(context)
        self.diary = diary
        self.watches = watches
        self.misconfigured = misconfigured
        self.broken = broken
        self.stubborn = stubborn
        self.slow_to_start = slow_to_start
        self.notices: list[str] = []

    def on_start(self) -> None:
        time.sleep(self.slow_to_start)
        if self.misconfigured:
            raise ConfigurationError("colour = 'loud': must be a colour")
        if self.broken:
            raise RuntimeError("cannot start")
        for name in self.watches:
            self.context.host.watch(name)

    def drain(self, done: Callable[[], None], seconds: float) -> None:
        if not self.stubborn:
            super().drain(done, seconds)

    def on_stop(self) -> None:
        if self.diary is not None:
            with self.diary.open("a") as diary:
                diary.write(f"{self.context.name}\n")

    @handles(ActorDown)
    def down(self, message: ActorDown, _: Sender) -> None:
        self.notices.append(f"{message.name} {message.incarnation} down")

    @handles(ActorUp)
    def up(self, message: ActorUp, _: Sender) -> None:
        self.notices.append(f"{message.name} {message.incarnation} up")

    @handles(WhoAreYou)
    def who(self, _: WhoAreYou, __: Sender) -> Toy:
        return Toy(
            name=self.context.name,
            pid=os.getpid(),
            incarnation=self.context.incarnation,
            notices=tuple(self.notices),
            main_was_imported_again=getattr(sys.modules["__main__"], "__file__", None) is not None,
        )

    @handles(Fail)
    def fail(self, message: Fail, _: Sender) -> None:
        if message.how == "raise":
            raise ValueError("the toy is broken")
        if message.how == "meet a stranger":
            raise NotAllowed("the stranger is no toy")
        if message.how == "exit":
            os._exit(0)
        if message.how == "spin":
            re.match(r"(a+)+$", "a" * 60 + "b")  # for centuries, in C code that never lets go of the interpreter
        if message.how == "leave children":  # one beside us, one in a session of its own, each with a child
            for session in (False, True):
                subprocess.Popen(["/bin/sh", "-c", "sleep 600 & wait"], start_new_session=session)
        while True:
            time.sleep(0.01)

    @handles(Nap)
    def nap(self, message: Nap, _: Sender) -> None:
        time.sleep(message.seconds)

    @handles(Parcel)
    def parcel(self, message: Parcel, _: Sender) -> Done:
        return self.open(message)

    @handles(Parcels)
    def parcels(self, message: Parcels, _: Sender) -> Done:
        for parcel in self.hand.each(message, message.items):
            self.open(parcel)
        return Done()

    def open(self, parcel: Parcel) -> Done:
        if parcel.bad:
            raise ValueError("the parcel explodes")
        self.notices.append(f"opened {parcel.number}")
        return Done()

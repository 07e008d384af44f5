"""The smallest service: one echoing actor under the real supervisor. `python -m benchmarks.toys RUN_DIR`."""

from __future__ import annotations

import sys
from pathlib import Path

from supervision.actor import Actor, Sender, handles
from supervision.loop import run
from supervision.message import Ask, Message
from supervision.reporting import ReportingSettings
from supervision.spec import ChildSpec, SupervisorSpec


class Echo(Message, frozen=True):
    """A word."""

    text: str


class Say(Ask[Echo], frozen=True):
    """Say it back."""

    text: str


TOYS: tuple[type[Message], ...] = (Echo, Say)


class EchoActor(Actor):
    """Answers."""

    @handles(Say)
    def say(self, message: Say, _: Sender) -> Echo:
        """The same word."""
        return Echo(message.text)

    @handles(Echo)
    def hear(self, _: Echo, __: Sender) -> None:
        """A tell; nothing to do."""


if __name__ == "__main__":
    tree = SupervisorSpec(name="root", children=(ChildSpec(name="echo", target="benchmarks.toys:EchoActor"),))
    sys.exit(
        run(
            tree,
            run_dir=Path(sys.argv[1]),
            messages="benchmarks.toys:TOYS",
            preload=(),
            reporting=ReportingSettings(level="WARNING"),
            load=lambda: tree,
            on_ready=lambda: print("ready", flush=True),
        )
    )

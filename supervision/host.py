"""A child process: becomes the actor its boot record names, and ends with the code that says why.

The main thread waits on the control channel; its end of file means the supervisor is gone, and so are
we. The actor runs in its own thread and leaves through `os._exit`, because no thread of a library may
keep a finished process alive; what must not be lost (log, Sentry) is flushed before.
"""

from __future__ import annotations

import contextlib
import functools
import gc
import importlib
import logging
import os
import signal
import socket
import sys
import threading
from typing import Any, NoReturn

from supervision import exits, failpoints, reporting, stacks
from supervision.actor import Actor, Context
from supervision.boot import Boot
from supervision.errors import ConfigurationError, NotAllowed, NotYet, WireError
from supervision.lifecycle import ActorDown, ActorUp, Failed, Ping, Pong, Started, Stop, Watch
from supervision.mailbox import Mailbox
from supervision.message import Message
from supervision.slot import Slot
from supervision.wire import Codec, FrameBuffer

FLUSH_SECONDS = 2.0
SWITCH_INTERVAL = 0.0005  # a busy helper thread must not hold the interpreter for the default 5 ms


class _Host:
    """The control channel's child end, and the way out."""

    def __init__(self, control: socket.socket, codec: Codec, log: logging.Logger) -> None:
        self._control = control
        self._codec = codec
        self._log = log
        self._lock = threading.Lock()

    def send(self, message: Message) -> None:
        """Tell the supervisor."""
        with self._lock:
            self._control.sendall(self._codec.encode(message))

    def started(self) -> None:
        self.send(Started())

    def pong(self, pong: Pong) -> None:
        self.send(pong)

    def watch(self, name: str) -> None:
        self.send(Watch(name))

    def stopped(self) -> NoReturn:
        leave(exits.NORMAL)

    def crashed(self, error: BaseException, in_hand: str) -> NoReturn:
        if isinstance(error, ConfigurationError):
            code, words = exits.CONFIGURATION, str(error)
            self._log.error("cannot run as configured: %s", error)
        elif isinstance(error, NotAllowed):
            code, words = exits.REFUSED, str(error)
            self._log.error("must not go on: %s", error)
        elif isinstance(error, NotYet):
            code, words = exits.NOT_YET, str(error)
            self._log.error("cannot start yet, it will be tried again: %s", error)
        else:
            code, words = exits.CRASH, f"{type(error).__name__}: {error}"
            self._log.critical("unexpected exception, message in hand: %s", in_hand, exc_info=error)
            reporting.capture(error)
        with contextlib.suppress(OSError):  # the supervisor may be gone; the exit code says enough
            self.send(Failed(words))
        leave(code)


def leave(code: int) -> NoReturn:
    """End this process now, with log and Sentry flushed."""
    reporting.flush(FLUSH_SECONDS)
    logging.shutdown()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError):  # a full disk or a pipe without a reader must not keep us here
            stream.flush()
    os._exit(code)


def load(target: str) -> Any:
    """What "module:NAME" names. Raises ImportError or AttributeError."""
    module, _, name = target.partition(":")
    return getattr(importlib.import_module(module), name)


def main(boot: Boot, listener: socket.socket, control: socket.socket) -> NoReturn:
    """Run one incarnation; never returns."""
    for number in (signal.SIGINT, signal.SIGHUP):  # sent to the whole group by a terminal; the supervisor decides
        signal.signal(number, signal.SIG_IGN)
    sys.setswitchinterval(SWITCH_INTERVAL)
    reporting.configure(boot.reporting, boot.name)
    failpoints.arm(os.environ.get(failpoints.VARIABLE, ""), boot.incarnation)
    log = logging.getLogger(boot.name)
    words = "SIGTERM is not for an actor: the supervisor drains it in its turn, SIGKILL ends it"
    signal.signal(signal.SIGTERM, lambda *_: log.warning(words))  # `timeout` and others send it to the whole group
    host = _Host(control, codec(boot.messages), log)
    try:
        mailbox = start(boot, host, listener)
    except BaseException as error:  # noqa: BLE001 - reported, and the exit code tells
        host.crashed(error, "construction")
    gc.freeze()
    serve_control(control, codec(boot.messages), mailbox)


@functools.cache
def codec(messages: str) -> Codec:
    """The codec of a registry; made once in the fork server, because it takes longer than all the rest of a birth."""
    return Codec(load(messages))


def start(boot: Boot, host: _Host, listener: socket.socket) -> Mailbox:
    """Construct the actor and start its thread; returns its mailbox."""
    slot = Slot(boot.slot_path, create=False)
    stacks.dump_to(boot.stacks_path)
    mailbox = Mailbox(boot.name, slot, limit=boot.mailbox_limit)
    context = Context(
        name=boot.name,
        incarnation=boot.incarnation,
        run_dir=boot.run_dir,
        codec=codec(boot.messages),
        mailbox=mailbox,
        slot=slot,
        host=host,
        listener=listener,
        quarantined=boot.quarantined,
    )
    actor_class(boot.target).start(context, **boot.kwargs)
    return mailbox


def actor_class(target: str) -> type[Actor]:
    """The class "module:NAME". What is misspelt in a configuration or in a strategy's file is nobody's crash."""
    module, _, name = target.partition(":")
    try:
        found = getattr(importlib.import_module(module), name, None)
    except (ImportError, SyntaxError) as error:
        raise ConfigurationError(f"{target} cannot be loaded: {type(error).__name__}: {error}") from error
    if not (isinstance(found, type) and issubclass(found, Actor)):
        raise ConfigurationError(f"{target} cannot be loaded: {module} has no actor named {name}")
    return found


def serve_control(control: socket.socket, codec: Codec, mailbox: Mailbox) -> NoReturn:
    """Pass the supervisor's words to the mailbox until it is gone."""
    frames = FrameBuffer()
    while True:
        try:
            data = control.recv(65536)
        except ConnectionResetError:
            data = b""
        if not data:
            leave(exits.SUPERVISOR_GONE)
        for payload in frames.feed(data):
            message = codec.decode(payload)
            if not isinstance(message, Ping | Stop | ActorDown | ActorUp):
                raise WireError(f"{type(message).__name__} on the control channel")
            mailbox.put_control(message)

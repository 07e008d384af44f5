"""Runs a supervision tree in this process, from its first child to its exit code.

SIGTERM and SIGINT stop it in order, a second one kills what is left; SIGHUP reloads its configuration, SIGUSR1 means
what whoever runs the tree makes of it. The exit code is 0 when it has drained; 10 when a child met what must not be
worked with; 70 when it gave up, or the supervisor itself failed; 78 when something cannot run as configured.
Whatever happens, no child, address or slot outlives `run`.
"""

from __future__ import annotations

import contextlib
import fcntl
import importlib
import logging
import os
import pickle
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

from supervision import exits, failpoints, signals
from supervision import reporting as reports
from supervision.boot import socket_path
from supervision.errors import Rejected, SpecError
from supervision.process import Spawner
from supervision.reloader import Load
from supervision.reporting import ReportingSettings
from supervision.seat import bind
from supervision.slot import Slot
from supervision.spec import SUPERVISOR, SupervisorSpec
from supervision.supervisor import Supervisor
from supervision.systemd import Manager
from supervision.wire import Codec

FLUSH_SECONDS: Final = 2.0
ADDRESS_LIMIT: Final = 103
"""Bytes an AF_UNIX path may have on every system we run on (macOS has the least)."""


def run(
    root: SupervisorSpec,
    *,
    run_dir: Path,
    messages: str,
    preload: Sequence[str],
    reporting: ReportingSettings,
    load: Load,
    on_ready: Callable[[], None],
    on_user_signal: Callable[[str], None] | None = None,
) -> int:
    """Supervise until a signal stops the tree or it gives up; the exit code of the service. In the main thread only.

    `messages` names the registry of message types, `preload` the modules children share; `load` returns the tree
    as it is configured at the time of a reload; `on_ready` is called once every child has started, `on_user_signal`
    at each SIGUSR1, which without it ends the process. Raises SpecError before anything is started.
    """
    _check(root, run_dir)
    codec = Codec(_registry(messages))
    spawner = Spawner(preload, messages)
    _make_private(run_dir)
    reports.configure(reporting, SUPERVISOR)
    failpoints.announce()
    try:
        supervisor = Supervisor(
            root,
            run_dir=run_dir,
            messages=messages,
            codec=codec,
            spawner=spawner,
            reporting=reporting,
            load=partial(_checked, load, run_dir),
            manager=Manager(os.environ),
        )
        return _serve(supervisor, run_dir, on_ready, on_user_signal)
    except Exception as error:
        logging.getLogger(SUPERVISOR).critical("the supervisor itself failed; everything is killed", exc_info=error)
        reports.capture(error)
        return exits.CRASH
    finally:
        reports.flush(FLUSH_SECONDS)


def _serve(
    supervisor: Supervisor,
    run_dir: Path,
    on_ready: Callable[[], None],
    on_user_signal: Callable[[str], None] | None,
) -> int:
    told = signals.delivered(supervisor.reactor, supervisor.stop, supervisor.reload, on_user_signal)
    with contextlib.closing(supervisor), _kept(run_dir), told:
        return supervisor.serve(on_ready)


def _make_private(run_dir: Path) -> None:
    """The run directory, for this user alone. Raises SpecError when it is somebody else's."""
    run_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    if run_dir.stat().st_uid != os.geteuid():
        raise SpecError("run_dir", str(run_dir), "belongs to another user")
    run_dir.chmod(0o700)


@contextlib.contextmanager
def _kept(run_dir: Path) -> Iterator[None]:
    """Hold a lock on the directory: systemd-tmpfiles clears what is ten days old in /tmp, but nothing locked."""
    descriptor = os.open(run_dir, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH)
        yield
    finally:
        os.close(descriptor)


def _checked(load: Load, run_dir: Path) -> SupervisorSpec:
    """What `load` returns, checked. Raises SpecError, Rejected, and what `load` raises."""
    root = load()
    _check(root, run_dir)
    _check_room(run_dir)
    return root


def _check(root: SupervisorSpec, run_dir: Path) -> None:
    """What can be known to fail before anything is started. Raises SpecError."""
    for leaf in root.leaves():
        try:
            pickle.dumps(leaf.kwargs)
        except (pickle.PicklingError, TypeError, AttributeError) as error:
            raise SpecError(f"{leaf.name}.kwargs", leaf.kwargs, f"cannot be sent to a process: {error}") from error
        address = socket_path(run_dir, leaf.name)
        if len(os.fsencode(address)) > ADDRESS_LIMIT:
            raise SpecError("run_dir", str(address), f"is longer than the {ADDRESS_LIMIT} bytes of a socket's address")


def _check_room(run_dir: Path) -> None:
    """Whether a new child could have its address and its slot. Raises Rejected when the reload must not begin."""
    address, slot = run_dir / "room.sock~", run_dir / "room.slot~"
    try:
        bind(address).close()
        Slot(slot, create=True).close()
    except OSError as error:
        raise Rejected(f"{run_dir} has no room for another child: {error.strerror}", kind="disk") from error
    finally:
        address.unlink(missing_ok=True)
        slot.unlink(missing_ok=True)


def _registry(messages: str) -> Any:
    """The message types that "module:NAME" lists. Raises SpecError."""
    module, _, name = messages.partition(":")
    try:
        return getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise SpecError("messages", messages, f"cannot be loaded: {error}") from error

"""Finding a running service through its state directory, and starting one as a child process."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import msgspec
import orjson
from platformdirs import user_state_path

from actors.messages import MESSAGES
from supervision.boot import socket_path
from supervision.errors import DeliveryError
from supervision.lifecycle import GetTree
from supervision.ref import Ref
from supervision.wire import Codec

START_SECONDS = 30.0
POLL_SECONDS = 0.02


class NotRunning(Exception):
    """No service runs on this state directory."""


class Service(msgspec.Struct, frozen=True):
    """What `service.json` says of a running service."""

    pid: int
    run_dir: str
    mode: str
    account: str
    directory: str
    started: str


def find(state_dir: Path) -> Service:
    """The running service of a state directory. Raises NotRunning with the reason."""
    path = state_dir / "service.json"
    try:
        service = msgspec.json.decode(path.read_bytes(), type=Service)
    except FileNotFoundError:
        raise NotRunning(f"no service runs on {state_dir}; start one with: nightdesk start") from None
    except (OSError, msgspec.MsgspecError) as error:
        raise NotRunning(f"{path} cannot be read: {error}") from error
    try:
        os.kill(service.pid, 0)
    except ProcessLookupError:
        raise NotRunning(f"the service on {state_dir} (process {service.pid}) is gone; start it again") from None
    except PermissionError:
        raise NotRunning(f"the service on {state_dir} belongs to another user") from None
    if _is_deserted(Path(service.run_dir)):
        raise NotRunning(f"the service on {state_dir} was killed; start it again")
    return service


def _is_deserted(run_dir: Path) -> bool:
    """Whether nobody listens any more: after a kill or a reboot the process id may be a stranger's."""
    with contextlib.closing(socket.socket(socket.AF_UNIX)) as probe:
        probe.setblocking(False)
        try:
            probe.connect(str(socket_path(run_dir, "supervisor")))
        except ConnectionRefusedError:
            return True
        except FileNotFoundError:
            return not run_dir.is_dir()  # else it is just starting
        except BlockingIOError:
            return False
    return False


def default_state_dir() -> Path:
    """Where the command line keeps its state: NIGHTDESK_STATE_DIR, or the platform's place for it."""
    configured = os.environ.get("NIGHTDESK_STATE_DIR")
    if configured:
        return Path(configured)
    return user_state_path("nightdesk")


def launch(
    config: Path | str | None, state_dir: Path, settings: Mapping[str, object], log: Path
) -> subprocess.Popen[bytes]:
    """Start a service as a child process, its output appended to `log`; returns once its actors run.

    Raises NotRunning with the child's last words when it ends instead, or is not up in time.
    """
    command = [sys.executable, "-m", "run", "start", "--state-dir", str(state_dir)]
    if config is not None:
        command += ["--config", str(config)]
    for key, value in settings.items():
        command += ["--set", f"{key}={value if isinstance(value, str) else orjson.dumps(value).decode()}"]
    root = Path(__file__).resolve().parent.parent
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(root), os.environ.get("PYTHONPATH", "")])}
    with open(log, "ab", opener=_private) as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, stdin=subprocess.DEVNULL, env=environment)
    try:
        _wait_until_up(process, state_dir, log)
    except BaseException:
        process.kill()
        process.wait()
        raise
    return process


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _wait_until_up(process: subprocess.Popen[bytes], state_dir: Path, log: Path) -> None:
    codec = Codec(MESSAGES)
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        try:
            code = process.wait(POLL_SECONDS)
        except subprocess.TimeoutExpired:
            if _is_up(process.pid, state_dir, codec):
                return
            continue
        last = "\n".join(log.read_text(errors="replace").splitlines()[-5:])
        raise NotRunning(f"the service ended with exit code {code}: {last}")
    raise NotRunning(f"the service did not come up within {START_SECONDS:g} s; see {log}")


def _is_up(pid: int, state_dir: Path, codec: Codec) -> bool:
    try:
        service = find(state_dir)
        supervisor = Ref(Path(service.run_dir), "supervisor", codec)
        with contextlib.closing(supervisor):
            return service.pid == pid and supervisor.ask(GetTree(), timeout=1.0).phase == "running"
    except (NotRunning, DeliveryError):
        return False  # not yet

"""What one running service claims on disk: a lock, its folder, a run directory, and the note that finds it.

The lock is a flock, so it dies with its holder; everything a crashed predecessor left is removed by the
next start. Sockets live in a short run directory because a socket's path may have about 100 bytes only.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import msgspec
import orjson

from actors.running import Service
from cli.exits import REFUSED, Failure
from config.errors import Problem, SettingsError
from config.settings import Settings
from supervision import clock

RUN_PREFIX = "nightdesk-"
LONGEST_RUN_DIR = 50


@contextlib.contextmanager
def claimed(state_dir: Path, settings: Settings) -> Iterator[Service]:
    """Hold the state directory for one service; a second one is refused and the first is not touched."""
    make_usable(state_dir)
    with _locked(state_dir / "lock", state_dir):
        note = state_dir / "service.json"
        _remove_leftovers(note)
        directory = state_dir / settings.directory_name
        make_usable(directory)
        _close_to_others(directory)
        service = Service(
            pid=os.getpid(),
            run_dir=str(_make_run_dir()),
            mode=settings.mode,
            account=settings.trading_accounts[0],
            directory=str(directory),
            started=clock.now().isoformat(),
        )
        try:
            _write_note(note, service)
            yield service
        finally:
            note.unlink(missing_ok=True)
            shutil.rmtree(service.run_dir, ignore_errors=True)


def make_usable(directory: Path) -> None:
    """Make the directory, for this user alone; one that is there already, perhaps /tmp, keeps its owner's mode."""
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not os.access(directory, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    except OSError as error:
        wrong = f"cannot be used: {error.strerror}"
        problem = Problem("--state-dir", str(directory), "command line", wrong, "name a directory that you may write")
        raise SettingsError(problem) from error


def _close_to_others(directory: Path) -> None:
    """Folder and all in it are for this user alone, whatever modes a copy, a backup or another program left."""
    try:
        directory.chmod(0o700)
        for path in directory.rglob("*"):
            if not path.is_symlink():
                path.chmod(0o700 if path.is_dir() else 0o600)
    except PermissionError as error:
        wrong = f"holds {error.filename}, which belongs to another user"
        fix = "give it back with chown, or use another --state-dir"
        raise SettingsError(Problem("--state-dir", str(directory), "command line", wrong, fix)) from error


@contextlib.contextmanager
def _locked(lock: Path, state_dir: Path) -> Iterator[None]:
    descriptor = _lock(lock, state_dir)
    try:
        os.truncate(descriptor, 0)
        os.write(descriptor, str(os.getpid()).encode())
        yield
    finally:
        lock.unlink(missing_ok=True)
        os.close(descriptor)


def _lock(lock: Path, state_dir: Path) -> int:
    while True:
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(descriptor, 32).decode() or "unknown"
            os.close(descriptor)
            message = f"a service already runs on {state_dir} (pid {holder}); stop it, or use another --state-dir"
            raise Failure(message, REFUSED) from None
        # The holder before us removes the file when it leaves: a lock on a removed file locks nobody out.
        with contextlib.suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(descriptor), lock.stat()):
                return descriptor
        os.close(descriptor)


def _remove_leftovers(note: Path) -> None:
    """Clear what a predecessor left that was killed. We hold the lock, so it is gone."""
    try:
        run_dir = Path(msgspec.json.decode(note.read_bytes(), type=Service).run_dir)
    except FileNotFoundError:
        return
    except msgspec.MsgspecError:
        note.unlink()  # not ours, or of another version: its run directory is not known and stays
        return
    if run_dir.name.startswith(RUN_PREFIX):
        shutil.rmtree(run_dir, ignore_errors=True)
    note.unlink()


def _make_run_dir() -> Path:
    """A private directory with a short path, in the user's runtime directory when there is one."""
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    usable = runtime and os.access(runtime, os.W_OK) and len(runtime) + len(RUN_PREFIX) + 9 <= LONGEST_RUN_DIR
    return Path(tempfile.mkdtemp(prefix=RUN_PREFIX, dir=runtime if usable else "/tmp"))  # mode 0700


def _write_note(note: Path, service: Service) -> None:
    draft = note.with_suffix(".new")
    draft.write_bytes(orjson.dumps(msgspec.to_builtins(service), option=orjson.OPT_INDENT_2))
    draft.chmod(0o600)
    draft.replace(note)

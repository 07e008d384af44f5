"""One service on one state directory, and nothing left of it: checked with real processes where codes matter."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import shutil
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from click.exceptions import Exit

from actors.running import NotRunning, find
from cli.exits import Failure, translated
from cli.service import claimed
from config.load import load

ROOT = Path(__file__).parents[2]
SETTINGS = load().settings


def nightdesk(*arguments: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(ROOT / "run.py"), *arguments],
        cwd=cwd,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def test_a_claimed_directory_is_private_found_by_the_desk_and_empty_again_afterwards(tmp_path: Path) -> None:
    state_dir = tmp_path / "state"
    with claimed(state_dir, SETTINGS) as service:
        found = find(state_dir)
        assert (found.pid, found.mode, found.account) == (os.getpid(), "simulated", "DU1000001")
        assert found.directory == str(state_dir / "simulated-DU1000001")
        assert len(service.run_dir) + len("/" + "n" * 40 + ".sock") < 100
        for private in (state_dir, found.directory, found.run_dir):
            assert stat.S_IMODE(Path(private).stat().st_mode) == 0o700
    assert [path.name for path in state_dir.iterdir()] == ["simulated-DU1000001"]
    assert not Path(service.run_dir).exists()


def test_a_disk_without_room_is_told_in_words_and_not_as_a_fault_of_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(_: int, __: bytes) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("cli.service.os.write", full)
    with pytest.raises(Exit) as ended, translated(), claimed(tmp_path, SETTINGS):
        pass
    assert ended.value.exit_code == 1
    assert "No space left on device: make room on the disk of the state directory" in capsys.readouterr().err


def test_a_state_directory_that_was_there_keeps_its_mode_and_the_files_in_it_are_private(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    with claimed(tmp_path, SETTINGS) as service:
        assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o755
        assert stat.S_IMODE(Path(service.directory).stat().st_mode) == 0o700
        assert {stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("lock", "service.json")} == {0o600}


def test_what_others_could_read_in_the_folder_of_an_account_is_closed_to_them(tmp_path: Path) -> None:
    folder = tmp_path / "simulated-DU1000001"
    (folder / "backup").mkdir(parents=True)
    (folder / "backup" / "orders.db").touch(0o644)
    (folder / "state.db").touch(0o666)
    (folder / "elsewhere").symlink_to(tmp_path / "foreign")
    (tmp_path / "foreign").touch(0o644)
    folder.chmod(0o755)
    with claimed(tmp_path, SETTINGS):
        modes = {path.name: stat.S_IMODE(path.lstat().st_mode) for path in (folder, *folder.rglob("*.db"))}
    assert modes == {folder.name: 0o700, "orders.db": 0o600, "state.db": 0o600}
    assert stat.S_IMODE((tmp_path / "foreign").stat().st_mode) == 0o644


def test_a_second_service_is_refused_with_the_pid_of_the_first_which_is_not_touched(tmp_path: Path) -> None:
    with claimed(tmp_path, SETTINGS) as first:
        note = (tmp_path / "service.json").read_bytes()
        second = nightdesk("start", "--state-dir", str(tmp_path), cwd=tmp_path)
        assert (second.returncode, second.stdout) == (10, "")
        assert f"(pid {os.getpid()})" in second.stderr
        assert (tmp_path / "service.json").read_bytes() == note
        assert Path(first.run_dir).is_dir()
        with pytest.raises(Failure, match="already runs"), claimed(tmp_path, SETTINGS):
            pass
    with claimed(tmp_path, SETTINGS):  # once it is gone the directory is free
        pass


def test_what_a_killed_service_left_is_removed_by_the_next(tmp_path: Path) -> None:
    script = (
        "import os, signal, sys\nfrom pathlib import Path\n"
        "from cli.service import claimed\nfrom config.load import load\n"
        "with claimed(Path(sys.argv[1]), load().settings):\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    subprocess.run([sys.executable, "-c", script, str(tmp_path)], cwd=ROOT, timeout=30, check=False)
    left = Path(json.loads((tmp_path / "service.json").read_text())["run_dir"])
    assert left.is_dir()
    with claimed(tmp_path, SETTINGS):
        assert not left.exists()


@pytest.mark.parametrize("arguments", [("start",), ("config", "check"), ()])
def test_a_wrong_configuration_ends_with_78_and_one_clear_line_each(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    (tmp_path / ".env").write_text("NIGHTDESK__GATEWAY__PROT=4002\n")
    result = nightdesk(*arguments, cwd=tmp_path, NIGHTDESK_STATE_DIR=str(tmp_path))
    assert (result.returncode, result.stdout) == (78, "")
    assert "gateway.prot = 4002 (.env NIGHTDESK__GATEWAY__PROT): there is no such key" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_service_whose_process_id_is_now_a_strangers_is_not_running(tmp_path: Path) -> None:
    with claimed(tmp_path, SETTINGS) as service:  # our own process plays the stranger
        with contextlib.closing(socket.socket(socket.AF_UNIX)) as supervisor:
            supervisor.bind(f"{service.run_dir}/supervisor.sock")
            supervisor.listen()
            assert find(tmp_path) == service
        with pytest.raises(NotRunning, match="was killed"):
            find(tmp_path)
        shutil.rmtree(service.run_dir)
        with pytest.raises(NotRunning, match="was killed"):
            find(tmp_path)


@pytest.mark.parametrize("arguments", [("start",), ("config", "check")])
@pytest.mark.parametrize(
    ("mode", "port", "account", "words"),
    [
        ("live", "4001", "U1", "live is refused"),
        ("paper", "7496", "DU1", "live port"),
        ("paper", "4002", "U1", "account U1"),
    ],
)
def test_what_may_be_real_money_ends_with_10(
    tmp_path: Path, arguments: tuple[str, ...], mode: str, port: str, account: str, words: str
) -> None:
    facts = ("--mode", mode, "--set", f"gateway.port={port}", "--set", f"accounts=[{account}]")
    result = nightdesk(*arguments, *facts, "--state-dir", str(tmp_path), cwd=tmp_path)
    assert (result.returncode, result.stdout) == (10, "")
    assert words in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_the_configuration_can_be_shown_and_described(tmp_path: Path) -> None:
    shown = nightdesk("config", "show", "--json", "--set", "sentry.dsn=http://secret@x/1", cwd=tmp_path)
    values = json.loads(shown.stdout)
    assert values["sentry.dsn"] == {"value": "(redacted)", "source": "--set sentry.dsn"}
    assert values["mode"]["value"] == "simulated"
    schema = json.loads(nightdesk("config", "schema", cwd=tmp_path).stdout)
    assert {"mode", "gateway", "risk", "strategies"} <= set(schema["properties"])


def test_help_and_version_do_not_load_the_service(tmp_path: Path) -> None:
    result = nightdesk("--help", cwd=tmp_path, PYTHONPROFILEIMPORTTIME="1")
    assert result.returncode == 0
    assert "kill switch" in result.stdout.lower()
    assert " click\n" in result.stderr  # what is loaded is listed there
    for heavy in ("msgspec", "pydantic", "pykka", "rich"):
        assert f" {heavy}\n" not in result.stderr

"""`reload` and SIGHUP of a whole service: validated first, and only what changed in it is restarted."""

from __future__ import annotations

import os
import signal
import stat
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import orjson
import pytest
from click.testing import CliRunner, Result

from actors.desk import Desk
from cli import main
from supervision.lifecycle import GetTree


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    configure(tmp_path, "strategies: [{name: sample}]")
    (tmp_path / "state").mkdir(mode=0o700)
    (tmp_path / "state" / "simulated-DU1000001").mkdir(mode=0o755)
    with Desk.start(tmp_path / "service.yaml", state_dir=tmp_path / "state") as desk:
        yield desk


def configure(directory: Path, text: str) -> None:
    (directory / "service.yaml").write_text(text)


def reload(directory: Path, *options: str) -> Result:
    return CliRunner().invoke(main, ["reload", "--state-dir", str(directory / "state"), *options])


def processes(desk: Desk) -> dict[str, int | None]:
    return {child.name: child.pid for child in desk.supervisor.ask(GetTree()).children if child.state == "running"}


def eventually(look: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10.0
    while not look():
        assert time.monotonic() < deadline
        time.sleep(0.01)


WRONG = [
    (
        "risk: {max_order_quantity: -5}",
        78,
        "risk.max_order_quantity = -5 (service.yaml:1): must be greater than 0. Fix",
    ),
    ("rysk: {}", 78, "did you mean `risk`?"),
    ("mode: live", 10, "live is refused"),
    ("logging: {level: warning}", 10, "logging = {'level': 'warning', 'file': ''} (all layers): is {'level': 'info'"),
]


def test_a_wrong_configuration_changes_nothing_and_a_good_one_only_what_is_different(
    desk: Desk, tmp_path: Path
) -> None:
    before = processes(desk)
    for text, code, said in WRONG:
        configure(tmp_path, text)
        answer = reload(tmp_path)
        assert (answer.exit_code, said in answer.stderr) == (code, True), answer.stderr
    assert desk.service is not None
    os.kill(desk.service.pid, signal.SIGHUP)
    log = tmp_path / "state" / "service.log"
    eventually(lambda: log.read_text().count("the old configuration stays") == len(WRONG) + 1)
    assert processes(desk) == before
    configure(tmp_path, "strategies: [{name: other}]\nrisk: {max_order_quantity: 5}")
    answer = reload(tmp_path, "--json")
    assert orjson.loads(answer.stdout) == {"added": ["other"], "changed": ["order"], "removed": ["sample"]}
    eventually(lambda: processes(desk).keys() == before.keys() - {"sample"} | {"other"})
    after = processes(desk)
    assert {name for name in before if after.get(name) != before[name]} == {"order", "sample"}
    assert reload(tmp_path).stdout == "nothing has changed\n"
    configure(tmp_path, "strategies: [{name: other}]\nrisk: {max_order_quantity: 6}")
    answer = reload(tmp_path)
    assert answer.exit_code == 10
    assert "risk.max_order_quantity = 6 (all layers): looser than the limit of the running service" in answer.stderr
    assert "which is 5. Fix: stop and start the service" in answer.stderr
    assert processes(desk) == after


def test_no_file_or_socket_of_a_running_service_is_open_to_others(desk: Desk, tmp_path: Path) -> None:
    assert desk.service is not None
    open_to_others = [
        path
        for top in (tmp_path / "state", Path(desk.service.run_dir))
        for path in (top, *top.rglob("*"))
        if stat.S_IMODE(path.lstat().st_mode) & 0o077
    ]
    assert open_to_others == []
    sockets = {path.stem for path in desk.run_dir.glob("*.sock")}
    assert sockets == {*processes(desk), "supervisor"}

"""`arm` and `disarm`: what is agreed to, by typing the account, and what a start makes of it."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cli import main

ROOT = Path(__file__).parents[2]
FACTS: Mapping[str, str] = {"accounts": "[U1234567]", "gateway.port": "4001"}


def run(command: str, state_dir: Path, *options: str) -> Result:
    return CliRunner().invoke(main, [*command.split(), "--state-dir", str(state_dir), *options], catch_exceptions=False)


def given(mode: str = "live", **facts: str) -> list[str]:
    values = {**FACTS, **{key.replace("__", "."): value for key, value in facts.items()}}
    return ["--mode", mode, *(part for key, value in values.items() for part in ("--set", f"{key}={value}"))]


def check(state_dir: Path, *options: str) -> Result:
    return run("config check", state_dir, *options)


def test_a_live_configuration_is_refused_until_it_is_armed_and_again_when_it_is_disarmed(tmp_path: Path) -> None:
    state_dir = tmp_path / "state"
    before = check(state_dir, *given())
    assert (before.exit_code, state_dir.exists()) == (10, False)
    assert "mode live is refused: nobody has acknowledged it: run `nightdesk arm`" in before.output
    armed = run("arm", state_dir, *given(), "--yes-account", "U1234567")
    assert armed.exit_code == 0, armed.output
    for told in ("U1234567", "127.0.0.1:4001", "risk.max_order_value", "25000", "risk.daily_loss", "REAL MONEY"):
        assert told in armed.output
    assert [path.name for path in state_dir.iterdir()] == ["armed.json"]
    good = check(state_dir, *given())
    assert (good.exit_code, "the configuration is good: mode live" in good.output) == (0, True)
    disarmed = run("disarm", state_dir)
    assert (disarmed.exit_code, disarmed.output) == (0, "disarmed: mode live does not start here any more\n")
    assert check(state_dir, *given()).exit_code == 10
    assert run("disarm", state_dir).output.startswith("was not armed: there is no ")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (given(gateway__port="7496"), "gateway.port is 7496, acknowledged was 4001"),
        (given(gateway__host="elsewhere"), "gateway.host is elsewhere, acknowledged was 127.0.0.1"),
        (given(accounts="[U7654321]"), "accounts is U7654321, acknowledged was U1234567"),
        (given(risk__max_order_value="25001"), "risk.max_order_value is 25001, acknowledged was 25000"),
    ],
)
def test_what_is_not_what_was_armed_is_refused_and_named(options: list[str], words: str, tmp_path: Path) -> None:
    run("arm", tmp_path, *given(), "--yes-account", "U1234567")
    refused = check(tmp_path, *options)
    assert (refused.exit_code, words in refused.output) == (10, True), refused.output


@pytest.mark.parametrize(
    ("options", "typed", "code", "words"),
    [
        (given(), "U7654321", 10, "not armed: 'U7654321' is not U1234567"),
        (given(), "", 10, "not armed: '' is not U1234567"),
        (given(accounts="[U1, U2]"), "U1", 10, "not armed: 'U1' is not U1,U2"),
        (
            given(gateway__port="4002"),
            "U1234567",
            10,
            "mode live cannot be armed: gateway.port is 4002, the paper port",
        ),
        (given(accounts="[DU1]"), "DU1", 10, "mode live cannot be armed: account DU1 is a paper account"),
        (given("paper", accounts="[DU1]", gateway__port="4002"), "DU1", 10, "nothing to arm: mode is paper"),
        ([], "DU1000001", 10, "nothing to arm: mode is simulated"),
        (given(gateway__prot="4001"), "U1234567", 78, "did you mean `port`?"),
    ],
)
def test_what_cannot_be_armed_is_refused_in_words_and_leaves_nothing(
    options: list[str], typed: str, code: int, words: str, tmp_path: Path
) -> None:
    refused = run("arm", tmp_path, *options, "--yes-account", typed)
    assert (refused.exit_code, words in refused.output) == (code, True), refused.output
    assert list(tmp_path.iterdir()) == []


def test_who_fails_to_arm_anew_is_told_that_what_was_agreed_to_before_still_holds(tmp_path: Path) -> None:
    run("arm", tmp_path, *given(), "--yes-account", "U1234567")
    refused = run("arm", tmp_path, *given(risk__max_order_value="100"), "--yes-account", "U123")
    assert refused.exit_code == 10
    assert "what was agreed to before still holds, until `nightdesk disarm`" in refused.output
    assert check(tmp_path, *given()).exit_code == 0


def test_mode_live_without_any_facts_is_refused_with_all_that_it_misses_and_can_be_shown(tmp_path: Path) -> None:
    refused = check(tmp_path, "--mode", "live")
    assert refused.exit_code == 10
    for missing in ("accounts is empty", "gateway.port is not set", "nobody has acknowledged it"):
        assert missing in refused.output
    shown = run("config show", tmp_path, "--mode", "live")
    assert (shown.exit_code, "state in" in shown.output) == (0, False)


def test_several_accounts_are_armed_together_and_an_unusual_port_is_pointed_out(tmp_path: Path) -> None:
    both = given(accounts="[U1, U2]", gateway__port="5000")
    armed = run("arm", tmp_path, *both, "--yes-account", "U1, U2")
    assert (armed.exit_code, "port 5000 is none of the usual live ports (4001, 7496)" in armed.output) == (0, True)
    assert check(tmp_path, *both).exit_code == 0


def test_without_a_terminal_and_without_the_account_nothing_is_armed(tmp_path: Path) -> None:
    refused = run("arm", tmp_path, *given())
    assert (refused.exit_code, "agree with --yes-account ACCOUNT" in refused.output) == (2, True)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("typed", "code"), [("U1234567", 0), ("yes", 10), ("", 10)])
def test_on_a_terminal_the_account_is_asked_for_and_nothing_else_will_do(typed: str, code: int, tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    os.write(ours, f"{typed}\n".encode())
    command = [sys.executable, str(ROOT / "run.py"), "arm", "--state-dir", str(tmp_path), *given()]
    done = subprocess.run(command, stdin=theirs, capture_output=True, text=True, timeout=30, check=False)
    os.close(theirs)
    os.close(ours)
    assert "This is REAL MONEY. Type the account to agree" in done.stdout
    assert (done.returncode, (tmp_path / "armed.json").exists()) == (code, code == 0), done.stderr


def test_a_disk_that_takes_no_acknowledgement_is_told_and_nothing_is_armed(tmp_path: Path) -> None:
    (tmp_path / "armed.json.new").mkdir()
    failed = run("arm", tmp_path, *given(), "--yes-account", "U1234567")
    assert (failed.exit_code, "not armed: " in failed.output) == (1, True), failed.output
    assert check(tmp_path, *given()).exit_code == 10

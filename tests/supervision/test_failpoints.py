"""Failpoints: what may be written, when they act, and that code and declarations name the same instants."""

from __future__ import annotations

import ast
import errno
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.failpoints import FAILPOINTS
from supervision.errors import SpecError
from supervision.failpoints import Failpoint, FailpointCrash, arm, check_names, failpoint, parse

ROOT = Path(__file__).resolve().parent.parent.parent

numbers = st.none() | st.integers(1, 10**6)
actions = st.sampled_from(["kill", "crash", "hang", "spin", "enospc", "eio"]).map(lambda word: (word, "")) | st.one_of(
    st.integers(0, 255).map(lambda code: ("exit", str(code))),
    st.decimals(0, 9999, places=2).map(lambda seconds: ("sleep", f"{seconds:f}")),
)
failpoints = st.builds(
    lambda name, action, detail, nth, incarnation: Failpoint(name, *action, detail, nth, incarnation),
    st.from_regex(r"[a-z][a-z0-9_.]*", fullmatch=True),
    actions,
    st.text(st.characters(codec="utf-8", exclude_characters="[],", exclude_categories=("C", "Z")), max_size=20),
    numbers,
    numbers,
)


@pytest.fixture(autouse=True)
def _nothing_stays_armed() -> Iterator[None]:
    yield
    arm("", 1)


@given(st.lists(failpoints, max_size=4))
def test_what_is_written_is_what_is_read(points: list[Failpoint]) -> None:
    assert parse(" , ".join(map(str, points))) == tuple(points)


def test_whatever_may_be_left_out_means_the_first_time_in_the_first_incarnation() -> None:
    assert parse("a.b=kill") == (Failpoint("a.b", "kill", nth=1, incarnation=1),)
    assert parse("a.b[x@/:=]=kill@*/3") == (Failpoint("a.b", "kill", detail="x@/:=", nth=None, incarnation=3),)
    assert parse("  ") == ()


@pytest.mark.parametrize(
    ("text", "item", "rule"),
    [
        ("a=kill,", "", "must read NAME"),
        ("a=kill, b", "b", "must read NAME"),
        ("a=kill@0", "a=kill@0", "must read NAME"),
        ("a=kill/-1", "a=kill/-1", "must read NAME"),
        ("A=kill", "A=kill", "must read NAME"),
        ("a[]=kill", "a[]=kill", "must read NAME"),
        ("a=explode", "a=explode", "the actions are kill, crash"),
        ("a=kill:3", "a=kill:3", "kill takes no value"),
        ("a=sleep", "a=sleep", "sleep takes seconds"),
        ("a=sleep:1.2.3", "a=sleep:1.2.3", "sleep takes seconds"),
        ("a=exit:256", "a=exit:256", "a code from 0 to 255"),
        ("a=exit:1.5", "a=exit:1.5", "a code from 0 to 255"),
    ],
)
def test_anything_else_is_refused_with_the_item_and_the_rule(text: str, item: str, rule: str) -> None:
    with pytest.raises(SpecError, match=rule) as refused:
        parse(text)
    assert (refused.value.field, refused.value.value) == ("NIGHTDESK_FAILPOINTS", item)


def test_stamps_say_when_and_where_and_need_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SpecError, match="stamp needs NIGHTDESK_STAMPS"):
        parse("a=stamp")
    monkeypatch.setenv("NIGHTDESK_STAMPS", str(tmp_path / "stamps"))
    arm("a=stamp@*", 1)
    began = time.monotonic_ns()
    failpoint("a", "key-1")
    failpoint("a")
    stamps = [line.split(" ") for line in (tmp_path / "stamps").read_text().splitlines()]
    assert [stamp[1:] for stamp in stamps] == [["a", "key-1"], ["a", ""]]
    assert began <= int(stamps[0][0]) <= int(stamps[1][0]) <= time.monotonic_ns()


def test_a_name_that_nobody_declares_is_refused() -> None:
    check_names(parse("a=kill"), {"a"})
    with pytest.raises(SpecError, match="NIGHTDESK_FAILPOINTS = 'b': is no failpoint"):
        check_names(parse("a=kill,b=kill"), {"a"})


def test_it_acts_at_its_turn_with_its_detail_in_its_incarnation_and_nowhere_else() -> None:
    arm("a[x]=crash@2/3, b=enospc@*/*, c=eio", 3)
    for detail in ("x", "y", "y"):
        failpoint("a", detail)
    failpoint("c")
    with pytest.raises(FailpointCrash, match="a"):
        failpoint("a", "x")
    failpoint("a", "x")
    for _ in range(2):
        with pytest.raises(OSError, match="No space left") as full:
            failpoint("b")
        assert full.value.errno == errno.ENOSPC
    arm("a[x]=crash@2/3, c=eio", 1)
    with pytest.raises(OSError, match="Input/output"):
        failpoint("c")
    failpoint("a", "x")
    failpoint("a", "x")


@pytest.mark.parametrize(
    ("action", "ending"),
    [("kill", -signal.SIGKILL), ("exit:7", 7), ("hang", 5), ("spin", None), ("sleep:0.05", 0)],
)
def test_each_way_to_end_or_to_stand_still(action: str, ending: int | None) -> None:
    """A second thread ends the process with 5 after a while; it gets no turn while a `spin` goes on."""
    patience = 0.1 if action in ("hang", "spin") else 20.0
    code = (
        f"import os, threading; from supervision.failpoints import arm, failpoint; arm('a={action}', 1)\n"
        f"timer = threading.Timer({patience}, os._exit, (5,)); timer.daemon = True; timer.start(); failpoint('a')"
    )
    process = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stderr=subprocess.DEVNULL)
    try:
        assert process.wait(1.0 if ending is None else 30) == ending
    except subprocess.TimeoutExpired:
        assert ending is None
    finally:
        process.kill()
        process.wait()


def test_every_declared_failpoint_stands_at_one_place_and_every_one_in_the_code_is_declared() -> None:
    found: Counter[str] = Counter()
    for package in ("supervision", "actors", "simulator", "strategies", "cli", "config"):
        for path in (ROOT / package).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "failpoint":
                    name = node.args[0]
                    assert isinstance(name, ast.Constant), f"{path}:{node.lineno}: a literal, so that it can be found"
                    found[str(name.value)] += 1
    assert found == Counter(dict.fromkeys(FAILPOINTS, 1))

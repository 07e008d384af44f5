"""What a configuration or a strategy's file can get wrong about an actor's class is said in one line."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from supervision.errors import ConfigurationError
from supervision.host import actor_class
from tests.supervision.toys import ToyActor


def test_the_named_class_is_found() -> None:
    assert actor_class("tests.supervision.toys:ToyActor") is ToyActor


@pytest.mark.parametrize(
    ("target", "text", "words"),
    [
        ("nowhere_to_be_found:Dip", None, "No module named 'nowhere_to_be_found'"),
        ("slip:Dip", "def dip(:\n", r"SyntaxError: invalid syntax \(slip.py, line 1\)"),
        ("slip:Dip", "import nosuchlibrary\n", "No module named 'nosuchlibrary'"),
        ("slip:Dip", "class Dap: pass\n", "slip has no actor named Dip"),
        ("slip:Dip", "class Dip: pass\n", "slip has no actor named Dip"),
    ],
)
def test_a_slip_in_the_file_or_its_name_is_a_wrong_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, target: str, text: str | None, words: str
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "slip", raising=False)
    if text is not None:
        (tmp_path / "slip.py").write_text(text)
    with pytest.raises(ConfigurationError, match=f"{target} cannot be loaded: .*{words}"):
        actor_class(target)


def test_a_fault_in_a_modules_own_code_is_a_crash_with_its_stack(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "fault.py").write_text("1 / 0\n")
    with pytest.raises(ZeroDivisionError):
        actor_class("fault:Dip")

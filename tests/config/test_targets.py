"""A strategy that does not exist is refused with the configuration; none of its code runs for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.errors import SettingsError
from config.load import load
from config.targets import check_strategies

NO_MODULE = "correct the name, or start where the file is"


def check(target: str, *extra: Path, enabled: bool = True) -> None:
    configured = load(assignments=[f"strategies=[{{name: dip, enabled: {str(enabled).lower()}, target: '{target}'}}]"])
    check_strategies(configured, [str(path) for path in extra])


@pytest.mark.parametrize(
    ("module", "name", "wrong", "fix"),
    [
        ("strategies.crossover", "Crosover", "{0} has no Crosover", "did you mean {0}:Crossover?"),
        ("strategies.crossover", "Dip", "{0} has no Dip", "name the class of a strategy"),
        ("strategies.crossovr", "Crossover", "there is no module {0}", NO_MODULE),
        ("nowhere.to.be.found", "Dip", "there is no module {0}", NO_MODULE),
        ("strategies.crossover.deeper", "Dip", "there is no module {0}", NO_MODULE),
    ],
)
def test_a_target_that_does_not_exist_is_refused_with_key_value_source_and_fix(
    module: str, name: str, wrong: str, fix: str
) -> None:
    target = f"{module}:{name}"
    with pytest.raises(SettingsError) as caught:
        check(target)
    (problem,) = caught.value.problems
    assert (problem.key, problem.value, problem.source) == ("strategies.0.target", target, "--set strategies")
    assert (problem.wrong, problem.fix) == (wrong.format(module), fix.format(module))
    check(target, enabled=False)


@pytest.mark.parametrize(
    "text",
    [
        "raise SystemExit\nclass Dip: pass\n",
        "from actors.strategy import Strategy as Dip\n",
        "Dip = type('Dip', (), {})\n",
        "from actors.strategy import *\n",
        "class Dip(:\n",
    ],
)
def test_what_may_exist_is_left_to_its_own_process_to_find(tmp_path: Path, text: str) -> None:
    (tmp_path / "slip.py").write_text(text)
    check("slip:Dip", tmp_path)
    with pytest.raises(SettingsError, match="there is no module slip"):
        check("slip:Dip")

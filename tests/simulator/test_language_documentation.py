"""docs/simulator.md tells the whole fault language, and nothing that is not so."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from simulator.faults.language import parse_script
from simulator.faults.statements import STATEMENTS

DOCUMENT = (Path(__file__).parents[2] / "docs" / "simulator.md").read_text()
SCRIPTS = re.findall(r"^```script\n(.*?)^```", DOCUMENT, re.DOTALL | re.MULTILINE)


def test_every_example_is_a_script():
    named = {statement.name for script in SCRIPTS for statement in parse_script(script, "docs/simulator.md")}
    assert named == {form.name for form in STATEMENTS if not form.question}


@pytest.mark.parametrize("form", STATEMENTS, ids=lambda form: form.name)
def test_every_statement_and_question_is_told_with_its_usage(form):
    assert f"\n- `{form.usage}`: " in DOCUMENT


def test_nothing_is_told_that_is_not_in_the_table():
    told = set(re.findall(r"^- `([^`]+)`: ", DOCUMENT, re.MULTILINE))
    assert told == {form.usage for form in STATEMENTS}

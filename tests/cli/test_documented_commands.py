"""Every command line that README and docs show has commands and options that exist, whatever becomes of them."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from cli import main

ROOT = Path(__file__).parents[2]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), ROOT / "deploy" / "README.md"]
LINE = re.compile(r"^nightdesk .*$|`nightdesk [^`\n]+`", re.MULTILINE)


def lines(document: Path) -> list[str]:
    """What a reader may type: lines of code that begin with the command, and mentions of it in a sentence."""
    return [found.strip("`") for found in LINE.findall(document.read_text(encoding="utf-8"))]


def unknown(line: str) -> list[str]:
    """The words of a command line that no command and no option answers to."""
    return [*_unknown(shlex.split(re.sub(r"[\[\]]", " ", line), comments=True)[1:])]


def _unknown(words: list[str]) -> Iterator[str]:
    command: click.Command = main
    options = {"--help", "--version"}
    for word in words:
        if word.startswith("--"):
            if word.partition("=")[0] not in options:
                yield word
        elif isinstance(command, click.Group):
            context = click.Context(command)
            if word in command.list_commands(context):
                found = command.get_command(context, word)
                assert found is not None
                command = found
                options |= {name for parameter in command.params for name in parameter.opts}
            elif not command.invoke_without_command:
                yield word
                return


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_command_that_is_shown_exists_with_its_options(document: Path) -> None:
    assert {line: unknown(line) for line in lines(document) if unknown(line)} == {}


def test_enough_is_looked_at() -> None:
    assert sum(len(lines(document)) for document in DOCUMENTS) > 60
    assert len(lines(ROOT / "README.md")) > 15


@pytest.mark.parametrize(
    ("line", "wrong"),
    [
        ("nightdesk halt [--cancel none|own] --reason 'x'  # a comment", []),
        ("nightdesk halt --cancle own", ["--cancle"]),
        ("nightdesk hold", ["hold"]),
        ("nightdesk journal vrify --head 1:2", ["vrify"]),
        ("nightdesk order what-if BUY 1 AAPL --key x", ["--key"]),
        ("nightdesk simulator --port 4002", []),
        ("nightdesk simulator --prt 4002", ["--prt"]),
    ],
)
def test_a_word_that_does_not_exist_is_found(line: str, wrong: list[str]) -> None:
    assert unknown(line) == wrong

"""One configuration from five places: default.yaml, a file, .env, the environment, `--set`; the last wins.

Nothing is ignored: an unknown key, also in an environment name, a wrong type, a missing file is an
error that names key, value, source and fix. Values outside YAML files are read by the same rules
as in them. Names in .env and environment that do not begin with NIGHTDESK__ are not our business.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any, get_args

from dotenv import dotenv_values
from pydantic import BaseModel, SecretStr, ValidationError
from pydantic_core import ErrorDetails

from config.errors import Problem, SettingsError
from config.layers import Leaf, Tree, leaves, merged, nested, plain, source_of
from config.limits import check_limits
from config.plain_yaml import read_text, read_value
from config.rules import check_rules
from config.settings import Settings

PREFIX = "NIGHTDESK__"
REDACTED = "(redacted)"


@dataclass(frozen=True)
class Loaded:
    """The settings, and the tree of values and sources they were made from."""

    settings: Settings
    tree: Tree

    def rows(self) -> list[tuple[str, object, str]]:
        """Key, value and source of everything that was set; secrets are not shown."""
        return [(key, _shown(key, leaf.value), leaf.source) for key, leaf in leaves(self.tree)]


def load(
    file: Path | None = None,
    *,
    dotenv: Path | None = None,
    environment: Mapping[str, str] | None = None,
    assignments: Iterable[str] = (),
) -> Loaded:
    """Read and check everything; raises SettingsError with every problem found."""
    tree = read_text(resources.files("config").joinpath("default.yaml").read_text("utf-8"), "default.yaml")
    if file is not None:
        tree = merged(tree, _file_layer(file))
    if dotenv is not None and dotenv.is_file():
        values = {name: value or "" for name, value in dotenv_values(dotenv, interpolate=False).items()}
        tree = merged(tree, _variables_layer(values, f"{dotenv.name} "))
    tree = merged(tree, _variables_layer(environment or {}, "environment "))
    for assignment in assignments:
        tree = merged(tree, _assignment_layer(assignment))
    return Loaded(_validated(tree), tree)


def _file_layer(file: Path) -> Tree:
    try:
        text = file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8 text"
        problem = Problem(
            "--config", str(file), "command line", f"cannot be read: {reason}", "name a readable YAML file"
        )
        raise SettingsError(problem) from error
    return read_text(text, file.name)


def _variables_layer(variables: Mapping[str, str], origin: str) -> Tree:
    tree: Tree = {}
    for name, text in sorted(variables.items()):
        if name.startswith(PREFIX):
            path = name.removeprefix(PREFIX).lower().split("__")
            tree = merged(tree, _text_leaf(path, text, f"{origin}{name}"))
    return tree


def _assignment_layer(assignment: str) -> Tree:
    key, equals, text = assignment.partition("=")
    if not equals:
        fix = "write --set section.key=VALUE"
        raise SettingsError(Problem(key, assignment, "--set", "no value is given", fix))
    return _text_leaf(key.strip().split("."), text, f"--set {key.strip()}")


def _text_leaf(path: list[str], text: str, source: str) -> Tree:
    key = ".".join(path)
    if not all(path):
        raise SettingsError(Problem(key, text, source, "an empty part in the key", "write section.key or SECTION__KEY"))
    return nested(path, Leaf(read_value(text, key, source), source))


def _validated(tree: Tree) -> Settings:
    try:
        settings = Settings.model_validate(plain(tree))
    except ValidationError as error:
        raise SettingsError(*(_problem(tree, details) for details in error.errors())) from error
    problems = [
        Problem(".".join(path), _shown(".".join(path), value), source_of(tree, path), wrong, fix)
        for path, value, wrong, fix in (*check_rules(settings), *check_limits(settings))
    ]
    if problems:
        raise SettingsError(*problems)
    return settings


def _problem(tree: Tree, details: ErrorDetails) -> Problem:
    path = details["loc"]
    key = ".".join(str(step) for step in path)
    source = source_of(tree, path)
    if details["type"] == "extra_forbidden":
        return Problem(key, _shown(key, details["input"]), source, "there is no such key", _nearest(path))
    if details["type"] == "missing":
        return Problem(key, None, source, "the key is missing", "add it")
    wrong, fix = _explained(details)
    return Problem(key, _shown(key, details["input"]), source, wrong, fix)


def _explained(details: ErrorDetails) -> tuple[str, str]:
    """What is wrong with a value, and what to do about it."""
    message = details["msg"].removeprefix("Value error, ").replace("Input should", "must")
    match details["type"]:
        case "string_type":
            return "must be text", "put the value in quotes"
        case "int_type" | "float_type" | "is_instance_of":
            return "must be a number", "write a plain number, without quotes"
        case "bool_type":
            return "must be true or false", "write true or false, without quotes"
        case "model_type":
            return "must be a section with keys", "write its keys below it, indented"
        case "tuple_type":
            return "must be a list", "write it in brackets, for example [U1234567] or [AAPL, MSFT]"
        case "literal_error":
            return message, "choose one of these"
        case _:
            return message, "see `nightdesk config schema` for what is accepted"


def _nearest(path: tuple[int | str, ...]) -> str:
    known = _keys_at(path[:-1])
    close = difflib.get_close_matches(str(path[-1]), known, n=1)
    return f"did you mean `{close[0]}`?" if close else f"known here: {', '.join(known)}"


def _keys_at(path: tuple[int | str, ...]) -> list[str]:
    """The keys that the section at `path` knows."""
    model: Any = Settings
    for step in path:
        if isinstance(step, str):
            annotation = model.model_fields[step].annotation
            inner = [kind for kind in get_args(annotation) if isinstance(kind, type) and issubclass(kind, BaseModel)]
            model = inner[0] if inner else annotation
    return list(model.model_fields)


def _shown(key: str, value: object) -> object:
    """The value, unless the model keeps it secret."""
    model: Any = Settings
    for step in key.split("."):
        fields = getattr(model, "model_fields", {})
        if step not in fields:
            return value
        model = fields[step].annotation
    return REDACTED if model is SecretStr and value != "" else value

"""Whether the strategies that the configuration names exist, found out without running any of their code.

A misspelt module or class is a mistake of the configuration and stops it here. A fault in the file itself is
the strategy's own: its process finds it, and the supervisor parks it, so that it cannot keep the service down.
"""

from __future__ import annotations

import ast
import difflib
import importlib.util
from collections.abc import Sequence
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path

from config.errors import Problem, SettingsError
from config.layers import source_of
from config.load import Loaded


def check_strategies(loaded: Loaded, extra: Sequence[str]) -> None:
    """Raise SettingsError for every enabled strategy whose target does not exist.

    Modules are searched as Python does, then in the directories `extra`.
    """
    source = source_of(loaded.tree, ("strategies",))
    problems = [
        Problem(f"strategies.{number}.target", strategy.target, source, *wrong)
        for number, strategy in enumerate(loaded.settings.strategies)
        if strategy.enabled and (wrong := _wrong(strategy.target, extra)) is not None
    ]
    if problems:
        raise SettingsError(*problems)


def _wrong(target: str, extra: Sequence[str]) -> tuple[str, str] | None:
    """What is wrong with a target, and the fix."""
    module, _, name = target.partition(":")
    found = _find(module, extra)
    if found is None:
        return f"there is no module {module}", "correct the name, or start where the file is"
    names = _names(found)
    if names is None or name in names:
        return None
    close = difflib.get_close_matches(name, names, n=1)
    return f"{module} has no {name}", f"did you mean {module}:{close[0]}?" if close else "name the class of a strategy"


def _find(module: str, extra: Sequence[str]) -> ModuleSpec | None:
    first, *rest = module.split(".")
    found = importlib.util.find_spec(first) or PathFinder.find_spec(first, extra)
    for step in rest:
        if found is None or found.submodule_search_locations is None:
            return None
        found = PathFinder.find_spec(step, list(found.submodule_search_locations))
    return found


def _names(module: ModuleSpec) -> set[str] | None:
    """What the module's own text gives a name to; None when that cannot be told from the text."""
    if module.origin is None or not module.origin.endswith(".py"):
        return None
    try:
        tree = ast.parse(Path(module.origin).read_bytes())
    except (OSError, SyntaxError, ValueError):
        return None
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            names.add(node.name)
        elif isinstance(node, ast.alias):
            names.add(node.asname or node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
    return None if "*" in names else names

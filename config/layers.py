"""Layers of configuration, each value with its source; a later layer wins key by key.

Sections merge; everything else, lists included, is replaced as a whole. Paths are dotted keys.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True)
class Leaf:
    """A value and where it was read, for example `config.yaml:12` or `--set`."""

    value: object
    source: str


Tree: TypeAlias = "dict[str, Leaf | Tree]"


def merged(lower: Tree, upper: Tree) -> Tree:
    """`upper` over `lower`; neither is changed."""
    result: Tree = dict(lower)
    for key, value in upper.items():
        below = result.get(key)
        result[key] = merged(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
    return result


def nested(path: Sequence[str], leaf: Leaf) -> Tree:
    """A tree that holds just one value."""
    head, *rest = path
    return {head: nested(rest, leaf) if rest else leaf}


def plain(tree: Tree) -> dict[str, object]:
    """The values alone."""
    return {key: plain(value) if isinstance(value, dict) else value.value for key, value in tree.items()}


def leaves(tree: Tree, prefix: str = "") -> Iterator[tuple[str, Leaf]]:
    """Every value with its dotted key, in order of appearance."""
    for key, value in tree.items():
        if isinstance(value, dict):
            yield from leaves(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def source_of(tree: Tree, path: Sequence[str | int]) -> str:
    """Where the value at `path`, or the nearest section that encloses it, was read."""
    here: Leaf | Tree = tree
    for step in path:
        if isinstance(here, Leaf):
            break
        found = here.get(str(step))
        if found is None:
            break
        here = found
    while isinstance(here, dict):
        if not here:
            return "default"
        here = next(iter(here.values()))
    return here.source

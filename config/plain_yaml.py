"""YAML without surprises: the only plain words with a meaning are numbers, `true` and `false`.

So `ON`, `NO` and `TRUE` stay ticker symbols and `0700` stays text. An unquoted time is refused,
because YAML 1.1 reads 23:45 as 1425. A key given twice, a key without a value and an alias are
refused too. Every value remembers its file and line, for the error that may name it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeAlias, cast

import yaml
from yaml.composer import ComposerError
from yaml.events import AliasEvent
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from config.errors import Problem, SettingsError
from config.layers import Leaf, Tree, plain

_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]*)\Z")
_FLOAT = re.compile(r"[-+]?(?:0|[1-9][0-9]*)(?:\.[0-9]*)?(?:[eE][-+]?[0-9]+)?\Z")
_TIME = re.compile(r"[0-9]{1,2}(?::[0-9]{2})+\Z")
_WORDS = {"true": True, "false": False}
_TAGS = frozenset(f"tag:yaml.org,2002:{kind}" for kind in ("str", "seq", "map"))
_Place: TypeAlias = Callable[[Node], str]


class _Loader(yaml.BaseLoader):
    """Composes nodes without guessing types, and without aliases, which could refer to themselves."""

    def compose_node(self, parent: Node | None, index: int) -> Node | None:
        if self.check_event(AliasEvent):
            raise ComposerError(problem="aliases are not supported", problem_mark=self.get_mark())
        return super().compose_node(parent, index)


def read_text(text: str, source: str) -> Tree:
    """The mapping written in `text`; its leaves carry `source:line`."""
    try:
        root = yaml.compose(text, Loader=_Loader)
    except yaml.YAMLError as error:
        raise SettingsError(Problem("(file)", source, source, _one_line(error), "correct the YAML")) from error
    if root is None:
        return {}
    if not isinstance(root, MappingNode):
        wrong = "the file must hold sections like `risk:`"
        raise SettingsError(Problem("(file)", source, source, wrong, "see `nightdesk config show`"))
    return _tree(root, "", lambda node: f"{source}:{node.start_mark.line + 1}")


def read_value(text: str, key: str, source: str) -> object:
    """One value as it stands on a command line or in an environment variable."""
    try:
        node = yaml.compose(text, Loader=_Loader)
    except yaml.YAMLError as error:
        raise SettingsError(Problem(key, text, source, _one_line(error), "quote the value")) from error
    return "" if node is None else _value(node, key, lambda _: source)


def _tree(node: MappingNode, prefix: str, place: _Place) -> Tree:
    tree: Tree = {}
    for key_node, value_node in node.value:
        name, where = str(key_node.value), place(key_node)
        key = prefix + name
        if name in tree:
            raise SettingsError(Problem(key, name, where, "the key stands here twice", "keep one of the two"))
        if isinstance(value_node, MappingNode):
            tree[name] = _tree(value_node, f"{key}.", place)
        else:
            tree[name] = Leaf(_value(value_node, key, place), where)
    return tree


def _value(node: Node, key: str, place: _Place) -> object:
    if node.tag not in _TAGS:
        raise SettingsError(Problem(key, node.tag, place(node), "tags are not supported", "write the plain value"))
    if isinstance(node, SequenceNode):
        return [_value(item, f"{key}[{index}]", place) for index, item in enumerate(node.value)]
    if isinstance(node, MappingNode):
        return plain(_tree(node, f"{key}.", place))
    scalar = cast("ScalarNode", node)  # there is no fourth kind
    # A style means quotes or a block: that is text, whatever it looks like.
    return str(scalar.value) if scalar.style else _plain_word(str(scalar.value), key, place(node))


def _plain_word(text: str, key: str, where: str) -> object:
    if text == "":
        raise SettingsError(Problem(key, "", where, "the key has no value", "give it one, or remove the line"))
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.match(text):
        return int(text)
    if _FLOAT.match(text):
        return float(text)
    if _TIME.match(text):
        raise SettingsError(Problem(key, text, where, "an unquoted time", f'write it in quotes: "{text}"'))
    return text


def _one_line(error: yaml.YAMLError) -> str:
    return f"not valid YAML ({' '.join(str(error).split())})"

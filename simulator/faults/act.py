"""What carries out a statement: a function of its arguments that returns an answer, or says why it cannot be done."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Answer = dict[str, Any]
"""What the control connection is told, ready for JSON."""
Act = Callable[..., Answer]
"""Takes the arguments of its statement by name, as `grammar.read_arguments` gives them."""


class Impossible(Exception):
    """A statement that is right in itself but cannot be done now; the text says why."""

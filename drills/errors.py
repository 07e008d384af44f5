"""What ends a drill early."""

from __future__ import annotations


class Broken(AssertionError):
    """The service did not do what the drill expects; the text says what was expected and what was seen."""


class CannotRun(Exception):
    """The machine lacks what the drill needs; it is reported as skipped, never as passed."""


def expect(holds: object, what: str) -> None:
    """Go on only if it holds. Raises Broken."""
    if not holds:
        raise Broken(what)

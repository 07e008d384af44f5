"""What an actor did not deliver or did not handle, counted: nothing is dropped in silence."""

from __future__ import annotations

import msgspec


class Tally(msgspec.Struct, gc=False):
    """Counts of one incarnation; shown in the tree view."""

    shed: int = 0
    """Sheddable messages dropped because too much waited, here or on the way to a slow reader."""
    dead_letters: int = 0
    """Tells over a link that was down."""
    expired: int = 0
    """Asks that were past their deadline when their turn came; dropped unread."""
    late_replies: int = 0
    """Replies to asks that had been given up."""
    skipped: int = 0
    """Quarantined messages that were not handled."""

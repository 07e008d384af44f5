"""state.db as one process after another opens it."""

from __future__ import annotations

from pathlib import Path

from actors.store.database import Database


class Databases:
    """Opens state.db in one directory, as often as a test likes, and closes what it opened."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.opened: list[Database] = []

    def open(self) -> Database:
        self.close()
        self.opened.append(Database(self.path))
        return self.opened[-1]

    def close(self) -> None:
        while self.opened:
            self.opened.pop().close()

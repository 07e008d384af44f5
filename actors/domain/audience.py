"""Who wants the quotes and ticks of which contract. Listeners are opaque tokens."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from types import MappingProxyType
from typing import Generic, TypeVar

L = TypeVar("L", bound=Hashable)


class Audience(Generic[L]):
    """Listeners by contract id, and contract ids by listener."""

    def __init__(self) -> None:
        self._wanted: dict[L, set[int]] = {}
        self._ticks: dict[L, set[int]] = {}
        self._listeners: dict[int, set[L]] = {}

    def __len__(self) -> int:
        return len(self._wanted)

    def add(self, listener: L, con_id: int, *, ticks: bool) -> None:
        """`listener` wants quotes of this contract, and its ticks or not: the last word counts."""
        self._wanted.setdefault(listener, set()).add(con_id)
        self._listeners.setdefault(con_id, set()).add(listener)
        if ticks:
            self._ticks.setdefault(listener, set()).add(con_id)
        else:
            self._drop_ticks(listener, con_id)

    def remove(self, listener: L, con_id: int) -> bool:
        """`listener` wants nothing of this contract any more. False when it did not before."""
        wanted = self._wanted.get(listener, set())
        if con_id not in wanted:
            return False
        wanted.remove(con_id)
        if not wanted:
            del self._wanted[listener]
        listeners = self._listeners[con_id]
        listeners.remove(listener)
        if not listeners:
            del self._listeners[con_id]
        self._drop_ticks(listener, con_id)
        return True

    def leave(self, listener: L) -> None:
        """`listener` is gone."""
        for con_id in [*self._wanted.get(listener, ())]:
            self.remove(listener, con_id)

    def of(self, con_id: int) -> Iterable[L]:
        """Who wants the quotes of this contract."""
        return self._listeners.get(con_id, ())

    def each(self) -> Iterable[tuple[L, set[int]]]:
        """Every listener with the contracts it wants."""
        return self._wanted.items()

    @property
    def tick_listeners(self) -> Mapping[L, set[int]]:
        """Listeners of ticks with the contracts they want the ticks of."""
        return MappingProxyType(self._ticks)

    def _drop_ticks(self, listener: L, con_id: int) -> None:
        wanted = self._ticks.get(listener)
        if wanted is not None:
            wanted.discard(con_id)
            if not wanted:
                del self._ticks[listener]

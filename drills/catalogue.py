"""All drills in their order, and how a user names them: by name, or by number."""

from __future__ import annotations

from importlib import import_module

from drills.drill import REGISTERED, Drill

_MODULES = (
    "crashes",
    "giving_up",
    "hangs",
    "messages",
    "peers",
    "stopping",
    "strategies",
    "order_instants",
    "instants",
    "machine",
    "shortage",
    "gateway",
    "halts",
    "random_faults",
    "storm",
)


class UnknownDrill(Exception):
    """There is no drill of this name or number."""

    def __init__(self, asked: str, known: list[Drill]) -> None:
        names = ", ".join(f"{one.number} {one.name}" for one in known)
        super().__init__(f"there is no drill {asked!r}; the drills are {names}")


def drills() -> list[Drill]:
    """Every drill, by number."""
    for module in _MODULES:
        import_module(f"drills.{module}")
    return sorted(REGISTERED.values(), key=lambda one: one.number)


def chosen(asked: tuple[str, ...]) -> list[Drill]:
    """The drills that were asked for, in the order of their numbers; none asked for is all. Raises UnknownDrill."""
    known = drills()
    for one in asked:
        if not any(one in (drill.name, str(drill.number)) for drill in known):
            raise UnknownDrill(one, known)
    return [drill for drill in known if not asked or drill.name in asked or str(drill.number) in asked]

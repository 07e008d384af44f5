"""Where the time of an order goes: the stamps of the service's own failpoints, in the order in which they are reached.

A stamp costs some 10 us, which is in the step that ends with it; without stamps nothing is paid for them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from benchmarks.report import Row, percentile

Step = tuple[str, str]
"""A stamp that ends a step, as `name` or `name detail`, and what was done until then."""

PLACING: Final[Sequence[Step]] = (
    ("actor.handle PlaceOrder", "strategy to Order"),
    ("order.intent.checked", "checks: words, contract, limits, gate"),
    ("order.journal.commit", "the intent's rows"),
    ("order.intent.journalled", "the intent's commit, with its fsync"),
    ("order.transmit.handed", "handing to the link"),
    ("actor.handle Transmit", "Order to Connection"),
    ("connection.order.encoded", "encoding"),
    ("connection.order.written", "to the bytes in the kernel"),
    ("connection.order.report", "the gateway, and decoding its first word"),
    ("actor.handle OrderReport", "Connection to Order"),
    ("actor.handle OrderEvent", "what it means, Order to strategy"),
)
CANCELLING: Final[Sequence[Step]] = (
    ("actor.handle CancelOrder", "strategy to Order"),
    ("order.cancel.handed", "checks, handing to the link"),
    ("actor.handle TransmitCancel", "Order to Connection"),
    ("connection.order.report", "encoding, the gateway, decoding its word"),
    ("actor.handle OrderEvent", "Connection to Order, what it means, to strategy"),
)
POINTS: Final = sorted({_point for steps in (PLACING, CANCELLING) for _point, _ in steps})


class Stamp(NamedTuple):
    """A failpoint that was reached, in seconds of the monotonic clock."""

    at: float
    point: str


def armed() -> str:
    """The value of NIGHTDESK_FAILPOINTS that stamps every step."""
    return ",".join(f"{_armed(point)}=stamp@*/*" for point in POINTS)


def _armed(point: str) -> str:
    name, _, detail = point.partition(" ")
    return f"{name}[{detail}]" if detail else name


def read(lines: Iterable[str]) -> list[Stamp]:
    """The stamps of a file, the oldest first; details that no step names are left out."""
    stamps = []
    for line in lines:
        at, name, *detail = line.split()
        point = f"{name} {detail[0]}" if detail and f"{name} {detail[0]}" in POINTS else name
        stamps.append(Stamp(int(at) / 1e9, point))
    return sorted(stamps)


def until(point: str, spans: Iterable[tuple[float, float]], stamps: list[Stamp]) -> float:
    """The median of the seconds from asking to a point."""
    reached = (
        next(stamp.at for stamp in stamps if stamp.point == point and began <= stamp.at <= ended) - began
        for began, ended in spans
    )
    return percentile(list(reached), 0.5)


def shares(title: str, steps: Sequence[Step], spans: Iterable[tuple[float, float]], stamps: list[Stamp]) -> list[Row]:
    """A row a step: its median over the spans from asking to the callback, and its share of all of them."""
    seconds: dict[str, list[float]] = {what: [] for _, what in steps}
    seconds["to the callback"] = []
    for began, ended in spans:
        for what, took in _divided(steps, began, ended, stamps).items():
            seconds[what].append(took)
    medians = {what: percentile(samples, 0.5) for what, samples in seconds.items()}
    whole = sum(medians.values())
    return [
        Row(f"{title}: {what}", f"{took * 1e6:.0f} us", "of all", "", f"{took / whole:.0%}")
        for what, took in medians.items()
    ]


def _divided(steps: Sequence[Step], began: float, ended: float, stamps: list[Stamp]) -> Mapping[str, float]:
    """How long each step took between two instants."""
    seconds = {}
    at = began
    for point, what in steps:
        reached = next(stamp.at for stamp in stamps if stamp.point == point and at <= stamp.at <= ended)
        seconds[what] = reached - at
        at = reached
    return {**seconds, "to the callback": ended - at}

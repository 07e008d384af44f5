"""Mutated requests against a whole gateway: `python -m tests.simulator.fuzz --count 1000000 --seed 1`.

Attackers come and go at every version, read or do not read what they are sent. Meanwhile a good client of each
version keeps its quotes and is answered, every frame it gets is decoded strictly, and so is a share of what the
attackers get. Whatever escapes a handler, ends a good client's session, makes the ledger disagree with itself or
memory grow is reported with the frame that did it. The same seed sends the same frames.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from decimal import Decimal

import psutil
from rich.progress import track

from simulator.session import Session
from tests.simulator.mutations import Message, Mutator, corpus
from tests.simulator.rig import VERSIONS, Client, World, order, stock

WORLD = 20_000
"""Frames against one gateway; then a fresh one, or a fresh process's worth of orders would gather."""
_ROUND = 250
_LOOKED_AT = 0.1
_GROWTH = 150 * 2**20


class Attacker:
    """One connection that says what nobody should; `reads` is whether it takes what it is sent."""

    def __init__(self, world: World, client_id: int, version: int, rng: random.Random) -> None:
        self.client = world.client(client_id, version)
        self.version = version
        self.left = rng.randint(1, 60)
        self.strict = rng.random() < _LOOKED_AT
        self.reads = rng.random() < 0.9

    def send(self, data: bytes) -> None:
        """Deliver bytes; take the answers, one attacker in ten decodes them."""
        self.left -= 1
        self.client.deliver(data)
        if self.strict:
            self.client.take()
            self.client.recorder.calls.clear()
        elif self.reads:
            self.client.session.output.clear()

    @property
    def over(self) -> bool:
        """Whether it is time for another one."""
        return bool(self.client.session.over) or self.left <= 0


class Siege:
    """A gateway, its good clients and its attackers, one frame at a time."""

    def __init__(self, messages: dict[int, list[Message]], rng: random.Random) -> None:
        self._messages = messages
        self._rng = rng
        self._mutator = Mutator(rng)
        self.world = World()
        self._good = [_good_client(self.world, number, version) for number, version in enumerate(VERSIONS, 1)]
        self._ids = iter(range(100, 10**9))
        self._attacker = self._next_attacker()
        self.sent = b""

    def strike(self) -> None:
        """One more frame, now and then a connection that does not even greet."""
        if self._rng.random() < 0.01:
            self._knock()
        if self._attacker.over:
            self.world.gateway.disconnect(self._attacker.client.session)
            self._attacker = self._next_attacker()
        self.sent = self._mutator.data(self._messages[self._attacker.version])
        self._attacker.send(self.sent)

    def check(self) -> None:
        """Time passes; the good clients are as well as ever and the books agree."""
        self.world.step()
        for client in self._good:
            assert not client.session.over, client.session.over
            assert "9" in {fields[0] for fields in client.raw(8, 1, 1)}
            client.recorder.calls.clear()
        check_books(self.world)

    def _knock(self) -> None:
        session: Session = self.world.gateway.connect()
        self.sent = self._mutator.greeting()
        self.world.gateway.receive(session, self.sent)
        self.world.gateway.disconnect(session)

    def _next_attacker(self) -> Attacker:
        return Attacker(self.world, next(self._ids), self._rng.choice(VERSIONS), self._rng)


def _good_client(world: World, number: int, version: int) -> Client:
    client = world.client(number, version)
    client.reqMktData(1, stock(), "", False, False, [])
    client.reqPositions()
    client.placeOrder(number, stock(), order("BUY", 10, "LMT", lmtPrice=1.0, tif="GTC"))
    return client


def check_books(world: World) -> None:
    """Positions are the sum of the fills, a combo's being those of its legs, and the same in ledger and account; so
    is the cash.
    """
    ledger, accounts = world.gateway.ledger, world.gateway.accounts
    held: Counter[tuple[str, int]] = Counter()
    for row in ledger._rows("select account, con_id, side, quantity from fills"):
        item = world.gateway.universe.get(row["con_id"])
        if item is not None and item.legs:
            continue
        sign = 1 if row["side"] == "BUY" else -1
        held[row["account"], row["con_id"]] += sign * Decimal(row["quantity"])
    for account in accounts:
        booked = {con_id: position.quantity for con_id, position in account.positions.items() if position.quantity}
        assert booked == {con_id: sum_ for (name, con_id), sum_ in held.items() if name == account.name and sum_}
        assert ledger.cash(account.name) == account.cash


def fuzz(count: int, seed: int, progress: Callable[[range], Iterator[int]] = iter) -> None:
    """Send so many frames. AssertionError names seed, number and frame of what went wrong."""
    rng = random.Random(seed)
    messages = corpus()
    siege = Siege(messages, rng)
    memory = 0
    for number in progress(range(count)):
        try:
            siege.strike()
            if number % _ROUND == _ROUND - 1:
                siege.check()
        except Exception as error:
            raise AssertionError(f"seed {seed}, frame {number}: {siege.sent[:2000]!r}") from error
        if number % WORLD == WORLD - 1:
            siege.world.close()
            siege = Siege(messages, rng)
            used = psutil.Process().memory_info().rss
            memory = memory or used
            assert used - memory < _GROWTH, f"seed {seed}: memory grew from {memory} to {used} bytes by frame {number}"
    siege.check()
    siege.world.close()


def main() -> None:
    """Parse the command line and run, with a progress bar on a terminal."""
    parser = argparse.ArgumentParser(prog="tests.simulator.fuzz", description=__doc__)
    parser.add_argument("--count", type=int, default=1_000_000, help="how many frames (default: a million)")
    parser.add_argument("--seed", type=int, default=1, help="chooses the frames")
    wanted = parser.parse_args()
    started = time.monotonic()
    fuzz(wanted.count, wanted.seed, lambda numbers: track(numbers, "frames"))
    sys.stdout.write(f"{wanted.count} frames, seed {wanted.seed}, {time.monotonic() - started:.0f} s: no finding\n")


if __name__ == "__main__":
    main()

"""A strategy that places, modifies and cancels at random, and tells what it holds: the one in the storm.

Told to rest, by an ask of `Publish` with {"rest": true}, it places nothing more. Its position goes out with every turn
as a custom event on topic "stormy"; in the end that must be what the broker's ledger has under its keys.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from decimal import Decimal
from functools import partial

from actors.messages.orders import OrderView
from actors.messages.system import CustomEvent, Publish
from actors.strategy import Strategy
from drills.stage import Stage
from supervision.actor import Sender, handles
from supervision.errors import SupervisionError
from supervision.message import Done, Message

TOPIC = "stormy"
PERIOD = 0.1
QUANTITIES = (1, 3, 10)
AWAY = (-0.002, 0.0005, 0.001, 0.02)
"""Parts of the price by which a limit is away from the market: through it, near it, far from it."""
KNOWS_SECONDS = 15.0
WORKING = 6
"""With so many orders at work it cancels instead of placing more."""


class Stormy(Strategy):
    """Trades one symbol without any sense."""

    class Params(Strategy.Params):
        symbol: str
        seed: int

    params: Params

    def prepare(self) -> None:
        self._resting = False
        super().prepare()

    def on_start(self) -> None:
        self._random = random.Random(f"{self.params.seed} {self.name} {self.context.incarnation}")
        self._events = self.link("state")
        self.subscribe(self.params.symbol)
        self.every(PERIOD)

    def on_timer(self) -> None:
        held = self.position(self.params.symbol)
        self._events.tell(Publish(TOPIC, {"name": self.name, "held": str(held)}))
        quote = self.quotes.get(self.params.symbol)
        if self._resting or quote is None or quote.mid is None or quote.state != "live":
            return
        try:
            self._act(quote.mid, held)
        except SupervisionError as error:
            self.log.debug("not this time: %s", error)  # the next look at orders and position shows what came of it

    def _act(self, price: float, held: Decimal) -> None:
        working = self.working(self.params.symbol)
        if working and (len(working) >= WORKING or self._random.random() < 0.4):
            self._change(self._random.choice(working))
            return
        act = self.sell if held > 0 else self.buy
        away = self._random.choice(AWAY) * (1 if held > 0 else -1)
        act(self.params.symbol, self._random.choice(QUANTITIES), limit=round(price * (1 + away), 2))

    def _change(self, order: OrderView) -> None:
        if self._random.random() < 0.5 or order.limit is None:
            self.cancel(order.key)
        else:
            self.modify(order.key, limit=round(order.limit * self._random.choice((0.999, 1.001)), 2))

    @handles(Publish)
    def _told(self, message: Publish, _: Sender) -> Done:
        self._resting = bool(message.data["rest"])
        return Done()


def stormy(name: str, symbol: str, seed: int) -> dict[str, object]:
    """One such strategy, as the settings have it."""
    return {"name": name, "target": "drills.stormy:Stormy", "params": {"symbol": symbol, "seed": seed}}


def resting(stage: Stage, names: Iterable[str]) -> None:
    """Have them rest, and wait until what they say they hold is what the ledger has of their orders. Raises Broken."""
    held: dict[str, Decimal] = {}

    def heard(event: Message) -> None:
        if isinstance(event, CustomEvent):
            held[event.data["name"]] = Decimal(event.data["held"])

    end = stage.desk.listen((TOPIC,), heard)
    try:
        for name in names:
            stage.until(f"{name} rests", partial(_rests, stage, name))
            stage.until(f"{name} knows what it holds", partial(_knows, stage, name, held), KNOWS_SECONDS)
    finally:
        end()


def _rests(stage: Stage, name: str) -> bool:
    return stage.ask(name, Publish(TOPIC, {"rest": True})) == Done()


def _knows(stage: Stage, name: str, held: Mapping[str, Decimal]) -> bool:
    rows = stage.ledger("select side, quantity from fills where order_ref like ?", f"{name}-%")
    return held.get(name) == sum((Decimal(one) if side == "BUY" else -Decimal(one) for side, one in rows), Decimal(0))

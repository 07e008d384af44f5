"""Statements about single messages: rules that drop, delay, duplicate, reorder or corrupt them."""

from __future__ import annotations

from dataclasses import asdict
from functools import partial

from simulator.faults.act import Act, Answer, Impossible
from simulator.faults.rules import Effect, Rule
from simulator.gateway import Gateway

_EFFECTS: tuple[Effect, ...] = ("drop", "delay", "duplicate", "reorder", "corrupt")


class MessageActs:
    """Puts rules in force and out of it."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self.acts: dict[str, Act] = {
            **{effect: partial(self._add, effect) for effect in _EFFECTS},
            "clear": self._clear,
        }

    def described(self) -> list[Answer]:
        """The rules in force with how often each fired."""
        found = self._gateway.rules.list(self._gateway.clock.monotonic())
        return [{"number": number, "fired": fired, **asdict(rule)} for number, rule, fired in found]

    def _add(
        self,
        effect: Effect,
        message: str,
        client: int | None,
        skip: int | None,
        times: int | None,
        chance: float | None,
        seconds: float | None,
        by: float | None = None,
        field: int | None = None,
    ) -> Answer:
        rule = Rule(
            effect,
            message,
            client=client,
            times=times,
            skip=skip or 0,
            chance=1.0 if chance is None else chance,
            seconds=seconds,
            by=by or 0.0,
            field=field,
        )
        return {"rule": self._gateway.rules.add(rule, self._gateway.clock.monotonic())}

    def _clear(self, number: int | None) -> Answer:
        if number is None:
            self._gateway.rules.clear()
            return {}
        try:
            self._gateway.rules.remove(number)
        except KeyError as error:
            raise Impossible(f"no rule {number} is in force") from error
        return {}

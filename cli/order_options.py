"""The words and options that say what an order is, the same for every command that takes one.

What can be seen to be wrong by itself is refused here; whether prices, type and time in force go together is Order's
to say, for every user alike.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final, TypeVar, get_args

import click

from actors.domain.order_kinds import ACCEPTED
from actors.messages.orders import PlaceOrder, TimeInForce

F = TypeVar("F", bound=Callable[..., Any])


class Quantity(click.ParamType[Decimal]):
    """A positive number of shares or contracts, exact."""

    name = "quantity"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Decimal:
        try:
            quantity = Decimal(str(value))
        except InvalidOperation:
            self.fail(f"{value!r} is not a number", param, ctx)
        if not quantity.is_finite() or quantity <= 0:
            self.fail(f"{value} must be more than 0", param, ctx)
        return quantity


class Instant(click.ParamType[datetime]):
    """A date and time with its zone: without one nobody knows which instant is meant."""

    name = "instant"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        try:
            instant = datetime.fromisoformat(str(value))
        except ValueError:
            self.fail(f"{value!r} is no date and time such as 2026-12-01T15:30-05:00", param, ctx)
        if instant.tzinfo is None:
            self.fail(f"{value!r} has no time zone; add one, as in 2026-12-01T15:30-05:00 or 20:30Z", param, ctx)
        return instant


def key_option(words: str) -> Callable[[F], F]:
    """--key, which is refused when it is empty: a script's variable that is not set would place an order each time."""

    def given(_: click.Context, __: click.Parameter, value: str | None) -> str:
        if value is not None and not value.strip():
            raise click.BadParameter("it is empty; leave the option out to have a key made")
        return value or ""

    return click.option("--key", callback=given, help=words)


QUANTITY: Final = Quantity()
PRICE: Final = click.FloatRange(min=0, min_open=True)
DISTANCE: Final = click.FloatRange(min=0)
# A combo's price may be zero or negative.
_OPTIONS: Final = (
    click.option("--limit", type=float, help="Limit price; a combo's may be negative."),
    click.option("--stop", type=float, help="Stop price, with --limit of a stop-limit; where a trailing stop begins."),
    click.option("--trail", type=PRICE, help="Trail the market by this much, in the price's unit."),
    click.option("--trail-percent", type=PRICE, help="Trail the market by so many percent."),
    click.option("--limit-offset", type=DISTANCE, help="Makes a trailing stop a stop-limit: limit so far from stop."),
    click.option("--type", type=click.Choice(ACCEPTED), help="Order type [default: follows from the prices]."),
    click.option(
        "--tif", type=click.Choice(get_args(TimeInForce)), help="Time in force [default: from the configuration]."
    ),
    click.option("--good-till", type=Instant(), help="Until when, with its time zone; the time in force is GTD then."),
    click.option("--outside-rth", is_flag=True, help="May also trade outside regular trading hours."),
    click.option("--account", default="", help="Account, when the login has several."),
)
_OF_PLACING: Final = (
    click.option(
        "--what-if", is_flag=True, help="Have the broker check the margin first; it answers about once a minute."
    ),
    key_option("Your own key; a key used before answers with that order and places nothing."),
)


def order_options(*, required: bool = True, placed: bool = True) -> Callable[[F], F]:
    """SIDE, QUANTITY and SYMBOL, and every option of an order; without `placed` none that only placing has.

    They are named as the fields of `PlaceOrder`.
    """
    sides = click.Choice(["BUY", "SELL"], case_sensitive=False)
    words = (
        click.argument("side", metavar="BUY|SELL", type=sides, required=required),
        click.argument("quantity", type=QUANTITY, required=required),
        click.argument("contract", metavar="SYMBOL", required=required),
    )

    def decorated(function: F) -> F:
        for option in reversed((*words, *_OPTIONS, *(_OF_PLACING if placed else ()))):
            function = option(function)
        return function

    return decorated


def order_of(params: Mapping[str, Any]) -> PlaceOrder:
    """The order that these parameters of a command say."""
    return PlaceOrder(**{name: params[name] for name in PlaceOrder.__struct_fields__ if name in params})

"""The live view on terminals of any size: what matters most first, one line a row, never more than fits."""

from __future__ import annotations

import io
from decimal import Decimal

import pytest
from rich.console import Console

from actors.messages.account import Accounts, AccountView, PnL, Position, Positions
from actors.messages.market import GetMarketData, Quote, Quotes
from actors.messages.orders import GetOrdersView
from actors.messages.risk import GetLowMargins, GetProtection
from actors.messages.session import GetSession
from actors.messages.state import GetReconciliation
from actors.status import assemble
from cli.live import Picture, live_screen
from supervision.errors import ActorUnavailable
from tests.cli.scripted import HEALTHY, NOW, child, order, tree

NAMES = ("simulator", "state", "connection", "account", "order", "market_data", "sample", "view")
PNL = PnL("DU1000001", 0, Decimal("-12.5"), Decimal(3), Decimal("-15.5"))
ACCOUNT = AccountView(
    "DU1000001", "USD", Decimal("999987.50"), None, None, None, None, PNL, (), complete=True, as_of=NOW, source="broker"
)


def picture(*, many: int, parked: int = 0) -> Picture:
    """A service with `many` quotes, positions and orders, and `parked` strategies that crashed."""
    children = [child(name) for name in NAMES]
    children += [child(f"dip{n}", "parked", "strategies", "crash: ValueError: " + "long " * 40) for n in range(parked)]
    answers = {
        "supervisor": tree(*children),
        "order": HEALTHY["order"][GetOrdersView],
        "connection": HEALTHY["connection"][GetSession],
        "market_data": HEALTHY["market_data"][GetMarketData],
        "state": HEALTHY["state"][GetReconciliation],
        "protection": HEALTHY["order"][GetProtection],
        "margin": HEALTHY["account"][GetLowMargins],
    }
    held = Position("DU1000001", "EUR", 1, "CASH", "USD", Decimal(1000), 1.11645)
    return Picture(
        status=assemble("simulated", "DU1000001", answers, NOW),
        quotes=Quotes(tuple(Quote(f"SYM{n}", n, bid=150.0, ask=150.1, volume=1e6, age=0.4) for n in range(many))),
        positions=Positions((held,) * many, NOW, "broker"),
        accounts=Accounts((ACCOUNT,)),
        orders=[order(key=f"k{n}", quantity=Decimal(n + 1)) for n in range(many)],
        footer="Ctrl-C stops the service. Log: " + "/a/long/path" * 20,
    )


def drawn(seen: Picture, width: int, height: int) -> list[str]:
    out = io.StringIO()
    Console(file=out, width=width, height=height).print(live_screen(seen, width, height))
    return out.getvalue().splitlines()


@pytest.mark.parametrize(("width", "height"), [(80, 24), (100, 30), (120, 45), (200, 60)])
@pytest.mark.parametrize(("many", "parked"), [(0, 0), (2, 0), (50, 0), (50, 1), (50, 9)])
def test_every_fact_actor_and_section_fits_the_terminal(width: int, height: int, many: int, parked: int) -> None:
    lines = drawn(picture(many=many, parked=parked), width, height)
    text = "\n".join(lines)
    for needed in ("gate", "open", "epoch 2", "-12.50 today", *NAMES, "quotes", "positions", "\norders"):
        assert needed in text
    assert len(lines) <= height
    assert next(line for line in lines if line.startswith("session")).rstrip()[-1] in "8…"  # cut visibly or whole
    assert lines[-1].startswith("Ctrl-C")


def test_what_does_not_fit_is_counted_and_of_orders_the_last_are_kept() -> None:
    lines = drawn(picture(many=50), 80, 24)
    heading = next(line for line in lines if line.startswith("orders ("))
    assert " of 50)" in heading
    assert "BUY 50 AAPL" in lines[-2]


def test_crashed_strategies_do_not_push_the_rest_off_the_screen() -> None:
    lines = drawn(picture(many=1, parked=9), 100, 30)
    problems = [line for line in lines if line.startswith("!")]
    assert len(problems) == 3
    assert problems[-1] == "! and 7 more: nightdesk status"


def test_an_actor_that_is_away_stands_where_its_figures_would() -> None:
    gone = ActorUnavailable("account", "it is restarting")
    seen = picture(many=1)
    lines = drawn(Picture(seen.status, gone, gone, gone, seen.orders, seen.footer), 80, 24)
    for name in ("quotes: away", "positions: away", "profit       account: away"):
        assert any(line.startswith(name) for line in lines), name


def test_a_currency_pair_is_shown_to_the_last_digit() -> None:
    assert any("1.11645" in line for line in drawn(picture(many=1), 80, 24))

"""Orders are counted from the journal: neither a restart of Order nor a clock that was ahead forgets any."""

from __future__ import annotations

from datetime import timedelta

import pytest

from config.settings import RiskSettings
from supervision import clock
from supervision.errors import Rejected
from tests.order.neighbours import NO_LOSS_LIMIT, House


@pytest.mark.parametrize("limit", ["orders_per_minute", "orders_per_day"])
def test_a_restart_forgets_no_order_of_the_minute_or_the_day(idle: House, limit: str) -> None:
    idle.risk = RiskSettings(daily_loss=NO_LOSS_LIMIT, duplicate_window=0, **{limit: 2})
    house = idle.start().open()
    house.place(key="a")
    house.place(key="b")
    house.restart()
    house.wait_gate("reconciling")
    house.cut()
    with pytest.raises(Rejected, match=f"it would be order 3 .* above {limit}"):
        house.place(key="c")


def test_a_restart_after_a_clock_was_a_day_ahead_counts_the_orders_of_today(
    idle: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    idle.risk = RiskSettings(daily_loss=NO_LOSS_LIMIT, duplicate_window=0, orders_per_day=2)
    house = idle.start().open()
    house.place(key="a")
    with monkeypatch.context() as ahead:
        right = clock.now
        ahead.setattr(clock, "now", lambda: right() + timedelta(days=1))
        house.place(key="b")
    house.restart()
    house.wait_gate("reconciling")
    house.cut()
    with pytest.raises(Rejected, match=r"it would be order 3 today"):
        house.place(key="c")

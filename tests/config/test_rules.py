"""The interlocks: nothing that may be real money gets past them."""

from __future__ import annotations

import pytest

from config.errors import InterlockError, SettingsError
from config.load import load
from config.rules import check_failpoints, check_interlocks
from config.settings import GatewaySettings, Mode, Settings


def settings(mode: Mode = "paper", port: int = 4002, *accounts: str) -> Settings:
    return Settings(mode=mode, accounts=accounts or ("DU1234567",), gateway=GatewaySettings(port=port))


@pytest.mark.parametrize("port", [4002, 7497, 5000])
def test_paper_trading_passes_on_any_port_that_is_not_a_live_one(port: int) -> None:
    check_interlocks(settings("paper", port))


@pytest.mark.parametrize(
    ("refused", "words"),
    [
        (settings("live", 4001, "U1234567"), "mode live is refused"),
        (settings("live", 4002, "DU1234567"), "mode live is refused"),
        (settings("paper", 4001), "live port of IB Gateway"),
        (settings("paper", 7496), "live port of TWS"),
        (settings("paper", 4002, "U1234567"), "account U1234567"),
        (settings("paper", 4002, "DU1234567", "U1234567"), "account U1234567"),
    ],
)
def test_what_may_be_real_money_is_refused_in_words(refused: Settings, words: str) -> None:
    with pytest.raises(InterlockError, match=words):
        check_interlocks(refused)


def test_live_mode_is_refused_before_anything_it_would_need_is_missed() -> None:
    with pytest.raises(InterlockError, match="mode live is refused"):
        check_interlocks(load(assignments=["mode=live"]).settings)


def test_the_simulator_needs_no_interlock() -> None:
    check_interlocks(Settings(), {"NIGHTDESK_FAILPOINTS": "order.halt.heard=kill", "NIGHTDESK_CLOCK": "clock"})


@pytest.mark.parametrize("switch", ["NIGHTDESK_FAILPOINTS", "NIGHTDESK_CLOCK"])
def test_a_service_that_breaks_on_purpose_never_trades_at_a_broker(switch: str) -> None:
    with pytest.raises(InterlockError, match=f"mode paper refuses {switch}"):
        check_interlocks(settings("paper"), {switch: "order.halt.heard=kill"})


def test_a_misspelt_failpoint_is_a_wrong_value_of_the_environment() -> None:
    check_failpoints("order.halt.heard=kill", {"order.halt.heard"})
    with pytest.raises(SettingsError, match=r"NIGHTDESK_FAILPOINTS = 'order.halt.herad' \(environment\).* Fix: "):
        check_failpoints("order.halt.heard=kill, order.halt.herad=kill", {"order.halt.heard"})

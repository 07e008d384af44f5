"""Rules between settings that no single field can check."""

from __future__ import annotations

import pytest

from config.errors import SettingsError
from config.load import load
from config.rules import check_failpoints


def test_a_misspelt_failpoint_is_a_wrong_value_of_the_environment() -> None:
    check_failpoints("order.halt.heard=kill", {"order.halt.heard"})
    with pytest.raises(SettingsError, match=r"NIGHTDESK_FAILPOINTS = 'order.halt.herad' \(environment\).* Fix: "):
        check_failpoints("order.halt.heard=kill, order.halt.herad=kill", {"order.halt.heard"})


@pytest.mark.parametrize("account", ["", " U1234567", "u1234567", "U1/../../x", "..", "U1234567,U2", "All", "1234567"])
@pytest.mark.parametrize("mode", ["paper", "live"])
def test_what_is_no_account_number_is_refused_in_each_mode_and_names_no_folder(mode: str, account: str) -> None:
    with pytest.raises(SettingsError, match=r"^accounts = .* \(--set accounts\): is no account number. Fix: "):
        load(assignments=(f"mode={mode}", "gateway.port=4801", f'accounts=["{account}"]'))


def test_an_account_that_is_there_twice_is_refused() -> None:
    with pytest.raises(SettingsError, match=r"accounts = 'U1234567' .*: is there twice. Fix: name each account once"):
        load(assignments=("mode=live", "gateway.port=4801", "accounts=[U1234567, U7654321, U1234567]"))


@pytest.mark.parametrize("account", ["U1234567", "DU1234567", "F1234567", "DF1234567A", "I7654321"])
def test_account_numbers_of_every_kind_are_accepted(account: str) -> None:
    settings = load(assignments=("mode=live", "gateway.port=4801", f"accounts=[{account}]")).settings
    assert settings.trading_accounts == (account,)

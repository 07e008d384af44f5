"""Rules between settings that no single field can check."""

from __future__ import annotations

import pytest

from config.errors import SettingsError
from config.rules import check_failpoints


def test_a_misspelt_failpoint_is_a_wrong_value_of_the_environment() -> None:
    check_failpoints("order.halt.heard=kill", {"order.halt.heard"})
    with pytest.raises(SettingsError, match=r"NIGHTDESK_FAILPOINTS = 'order.halt.herad' \(environment\).* Fix: "):
        check_failpoints("order.halt.heard=kill, order.halt.herad=kill", {"order.halt.heard"})

"""A kept quote ages, is of no use once nobody tells it again, and is forgotten when no order needs it."""

from __future__ import annotations

import pytest

from actors.domain.quote_watch import FRESH, WATCHED, QuoteWatch
from tests.domain.order_builders import AAPL, quote


def test_a_quote_goes_on_ageing_where_it_is_kept() -> None:
    watch = QuoteWatch()
    watch.begin(quote(age=1.0), now=10.0)
    kept = watch.needed(AAPL.con_id, now=11.5)
    assert kept is not None
    assert kept.age == 2.5


def test_a_quote_that_was_not_told_again_is_of_no_use_until_it_is() -> None:
    watch = QuoteWatch()
    watch.begin(quote(), now=0.0)
    assert watch.needed(AAPL.con_id, now=FRESH)
    assert watch.needed(AAPL.con_id, now=FRESH + 0.1) is None
    watch.told(quote(), now=FRESH + 0.2)
    assert watch.needed(AAPL.con_id, now=FRESH + 0.3)


NO_PRICE = {"bid": None, "ask": None, "last": None}


@pytest.mark.parametrize(
    "changes", [{"state": "gap"}, {"state": "stale"}, {"state": "waiting"}, {"age": None}, NO_PRICE]
)
def test_a_quote_that_is_not_current_or_has_no_price_is_asked_for(changes: dict[str, object]) -> None:
    watch = QuoteWatch()
    watch.begin(quote(**changes), now=0.0)
    assert watch.needed(AAPL.con_id, now=0.0) is None


def test_a_contract_is_watched_until_no_order_needed_it_for_a_while_and_others_are_not() -> None:
    watch = QuoteWatch()
    watch.begin(quote(), now=0.0)
    watch.told(quote(con_id=7), now=0.0)
    watch.needed(AAPL.con_id, now=1.0)
    assert watch.due(now=WATCHED + 0.9) == (AAPL.con_id,)
    assert watch.due(now=WATCHED + 1.1) == ()
    assert watch.needed(AAPL.con_id, now=WATCHED + 1.1) is None

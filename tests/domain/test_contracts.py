"""From a user's words to one contract, or to a refusal that helps."""

from __future__ import annotations

import pytest

from actors.domain.contracts import ContractCache, choose, plain_question, question
from actors.messages.market import Contract, ContractDetails
from supervision.errors import Rejected

AAPL = ContractDetails(Contract("AAPL", con_id=265598, primary_exchange="NASDAQ", local_symbol="AAPL"))


def test_words_become_questions() -> None:
    assert question(" aapl ") == Contract("AAPL", "STK", "SMART", "USD")
    assert question("EUR.USD") == Contract("EUR", "CASH", "IDEALPRO", "USD")
    future = Contract("ES", "FUT", "CME", last_trade_date="202612")
    assert question(future) is future
    for nothing in ("  ", Contract("")):
        with pytest.raises(Rejected, match=r"is needed|say a stock"):
            question(nothing)


def test_one_answer_is_taken_also_when_the_broker_repeats_it_for_every_exchange() -> None:
    assert choose(Contract("AAPL"), [AAPL, AAPL]) is AAPL


def test_no_answer_and_several_answers_are_refused_with_what_would_be_accepted() -> None:
    with pytest.raises(Rejected, match="knows no contract for XYZ STK SMART USD"):
        choose(Contract("XYZ"), [])
    many = [ContractDetails(Contract("VOD", con_id=n, primary_exchange=f"EX{n}")) for n in range(1, 13)]
    with pytest.raises(Rejected) as refusal:
        choose(Contract("VOD"), many)
    text = str(refusal.value)
    assert "means 12 contracts" in text
    assert "VOD STK SMART (EX1) USD conId 1;" in text
    assert text.endswith("and 2 more")


def test_a_future_or_option_is_described_with_what_tells_it_from_its_siblings() -> None:
    option = Contract("SPX", "OPT", "CBOE", last_trade_date="20261218", strike=5000.0, right="C", con_id=9)
    with pytest.raises(Rejected, match="SPX OPT 20261218 5000C CBOE USD conId 9"):
        choose(Contract("SPX"), [ContractDetails(option), AAPL])


def test_an_answer_is_found_by_its_question_and_its_contract_id_only() -> None:
    cache = ContractCache()
    asked = Contract("AAPL", primary_exchange="NASDAQ")
    cache.learn(asked, AAPL)
    assert cache.find(asked) is AAPL
    assert cache.find(Contract("", con_id=265598)) is AAPL
    assert cache.find(AAPL.contract) is AAPL
    assert cache.find(Contract("AAPL")) is None, "the plain question may have other answers"


def test_only_answers_to_the_plain_question_are_worth_remembering() -> None:
    cache = ContractCache()
    assert cache.learn(Contract("AAPL"), AAPL)
    assert not cache.learn(Contract("AAPL", primary_exchange="NASDAQ"), AAPL)
    assert not cache.learn(AAPL.contract, AAPL)
    reborn = ContractCache()
    reborn.recall([AAPL])
    assert reborn.find(Contract("AAPL")) is AAPL
    assert plain_question(AAPL.contract) == Contract("AAPL")

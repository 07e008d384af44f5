"""Which contract is meant: from a user's words to a question for the broker, and from its answers to exactly one.

A plain symbol is a US stock on SMART in USD; "EUR.USD" is the currency pair on IDEALPRO; "AAPL 20261218 150C" is
an option on SMART in USD (a combo of several: see `combos`). A question with no answer or with several is refused
with the candidates, never guessed. An answer is found
again by the very question it answered and by its contract id, and by nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from math import inf

import msgspec

from actors.domain.fills import COMBO
from actors.messages.market import Contract, ContractDetails
from supervision.errors import Rejected

_PAIR = re.compile(r"([A-Z]{3})\.([A-Z]{3})")
_OPTION = re.compile(r"(.+?)\s+(\d{8})\s+(\d+(?:\.\d+)?)([CP])")
_OPTION_WORDS = "an option is SYMBOL YYYYMMDD STRIKE and C or P, like AAPL 20261218 150C"
_SHOWN = 10


def question(contract: str | Contract) -> Contract:
    """What to ask the broker for; rejected when nothing is named."""
    if isinstance(contract, Contract):
        if not (contract.con_id or contract.symbol or contract.local_symbol):
            raise Rejected("contract names no symbol, local_symbol or con_id; one is needed", kind="contract")
        if contract.sec_type == COMBO:
            raise Rejected("a combo has no line and no bars of its own; ask for its legs", kind="contract")
        return contract
    symbol = contract.strip().upper()
    if not symbol:
        raise Rejected("symbol is empty; say a stock (AAPL), a currency pair (EUR.USD) or a Contract", kind="contract")
    pair = _PAIR.fullmatch(symbol)
    if pair is not None:
        return Contract(pair[1], sec_type="CASH", exchange="IDEALPRO", currency=pair[2])
    wanted = _OPTION.fullmatch(symbol)
    if wanted is not None:
        return option(wanted[1], wanted[2], wanted[4], float(wanted[3]))
    if len(symbol.split()) > 2:  # "BRK B" is a symbol
        raise Rejected(f"{contract!r} names no contract; {_OPTION_WORDS}", kind="contract")
    return Contract(symbol)


def option(symbol: str, expiry: str, right: str, strike: float) -> Contract:
    """The question for a US option on SMART, `expiry` as YYYYMMDD; rejected when these values make none."""
    try:
        dated = len(expiry) == 8 and date.fromisoformat(expiry)
    except ValueError:
        dated = False
    if not dated or not 0 < strike < inf or right not in ("C", "P"):
        raise Rejected(f"{symbol} {expiry} {strike:.10g}{right} is no option; {_OPTION_WORDS}", kind="contract")
    return Contract(symbol.strip().upper(), "OPT", last_trade_date=expiry, strike=strike, right=right)


def words(contract: Contract) -> str:
    """What people call a contract: "AAPL", "EUR.USD", "AAPL 20261218 150C", a combo by its legs."""
    if contract.sec_type == COMBO:  # one that was resolved here carries its words, one the broker told has an id only
        return f"{contract.symbol} combo of {len(contract.legs)} legs" if contract.con_id else contract.local_symbol
    if contract.sec_type == "CASH":
        return f"{contract.symbol}.{contract.currency}"
    if not (contract.last_trade_date or contract.strike):
        return contract.symbol
    strike = f"{contract.strike:.10g}{contract.right[:1]}" if contract.strike else ""
    return " ".join(part for part in (contract.symbol, contract.last_trade_date, strike) if part)


def describe(contract: Contract) -> str:
    """A contract in one line, with what tells it from its namesakes."""
    named = (
        contract.symbol or contract.local_symbol,
        contract.sec_type,
        contract.last_trade_date,
        f"{contract.strike:g}{contract.right}" if contract.strike else "",
        contract.exchange,
        f"({contract.primary_exchange})" if contract.primary_exchange else "",
        contract.currency,
        f"conId {contract.con_id}" if contract.con_id else "",
    )
    return " ".join(part for part in named if part)


def choose(asked: Contract, candidates: Iterable[ContractDetails]) -> ContractDetails:
    """The one contract among the broker's answers; rejected, with the candidates, unless there is exactly one."""
    distinct = list({details.contract.con_id: details for details in candidates}.values())
    if len(distinct) == 1:
        return distinct[0]
    if not distinct:
        raise Rejected(f"the broker knows no contract for {describe(asked)}", kind="contract")
    shown = "; ".join(describe(details.contract) for details in distinct[:_SHOWN])
    more = f"; and {len(distinct) - _SHOWN} more" if len(distinct) > _SHOWN else ""
    raise Rejected(
        f"{describe(asked)} means {len(distinct)} contracts, say which by con_id, primary_exchange or "
        f"last_trade_date: {shown}{more}",
        kind="contract",
    )


def plain_question(contract: Contract) -> Contract:
    """The shortest question that can mean this contract: no conId, venue or local names."""
    return msgspec.structs.replace(contract, con_id=0, primary_exchange="", local_symbol="", trading_class="")


class ContractCache:
    """Answers of the broker, by question and by contract id. Contracts do not change while the service runs."""

    def __init__(self) -> None:
        self._by_question: dict[Contract, ContractDetails] = {}
        self._by_con_id: dict[int, ContractDetails] = {}

    def find(self, asked: Contract) -> ContractDetails | None:
        """The known answer to this question, or None."""
        if asked.con_id:
            return self._by_con_id.get(asked.con_id)
        return self._by_question.get(asked)

    def learn(self, asked: Contract, details: ContractDetails) -> bool:
        """Keep an answer. True when it may be remembered over restarts: its contract alone tells the question."""
        self._by_con_id[details.contract.con_id] = details
        self._by_question[asked] = details
        return asked == plain_question(details.contract)

    def recall(self, remembered: Iterable[ContractDetails]) -> None:
        """Take back what `learn` said to remember; newer answers stand."""
        for details in remembered:
            self._by_con_id.setdefault(details.contract.con_id, details)
            self._by_question.setdefault(plain_question(details.contract), details)

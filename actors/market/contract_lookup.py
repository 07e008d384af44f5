"""Resolving contracts for MarketData: the cache first, then the broker, each question asked once at a time.

A question that comes while no session is up waits SESSION_WAIT seconds for one, since a strategy may well
start before the gateway answers. A failed question is refused and forgotten: the next one asks again. An
answer older than FRESH, or from before a restart, still serves but is fetched anew: hours are told for a few
days only, and a symbol may pass to another company.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

from actors.domain.contracts import ContractCache, choose, describe, question
from actors.messages.broker import ContractList, FetchContracts
from actors.messages.market import Contract, ContractDetails
from supervision.errors import DeliveryError, Rejected
from supervision.reactor import Reactor
from supervision.uplink import Uplink

SESSION_WAIT = 3.0
LOOKUP_TIMEOUT = 20.0
FRESH = 12 * 3600.0
_NO_DEFINITION = "code 200"

Found = Callable[[ContractDetails], None]
Refused = Callable[[Rejected], None]


class ContractLookup:
    """One contract for every question, or a refusal. `remember` gets each answer worth keeping over restarts."""

    def __init__(self, connection: Uplink, reactor: Reactor, remember: Callable[[ContractDetails], None]) -> None:
        self._connection = connection
        self._reactor = reactor
        self._remember = remember
        self._cache = ContractCache()
        self._waiting: dict[Contract, list[tuple[Found, Refused]]] = {}
        self._asked: set[Contract] = set()
        self._fresh_until: dict[Contract, float] = {}
        self._session = False

    def known(self, contract: str | Contract) -> ContractDetails | None:
        """The contract as far as it can be told without the broker. Rejected when nothing is named."""
        return self._cache.find(question(contract))

    def resolve(self, contract: str | Contract, found: Found, refused: Refused) -> None:
        """Call `found`, at once when the contract is known, or `refused`. Rejected when nothing is named."""
        asked = question(contract)
        details = self._cache.find(asked)
        if details is not None:
            found(details)
            if self._session and asked not in self._asked and self._fresh_until.get(asked, 0.0) < time.monotonic():
                self._ask(asked)
            return
        self._waiting.setdefault(asked, []).append((found, refused))
        if asked in self._asked:
            return
        if self._session:
            self._ask(asked)
        elif len(self._waiting[asked]) == 1:
            self._reactor.after(SESSION_WAIT, lambda: self._give_up(asked))

    def session_up(self) -> None:
        """Ask what waited for a session."""
        self._session = True
        for asked in [*self._waiting]:
            if asked not in self._asked:
                self._ask(asked)

    def session_down(self) -> None:
        """From now on questions wait. Those already asked are answered by Connection itself."""
        self._session = False

    def recall(self, contracts: Iterable[ContractDetails], held: Iterable[ContractDetails]) -> None:
        """Take back what was remembered; what the operator holds is known by its contract id alone."""
        self._cache.recall(contracts)
        for details in held:
            self._cache.learn(details.contract, details)

    def _ask(self, asked: Contract) -> None:
        self._asked.add(asked)
        self._connection.ask(
            FetchContracts(asked),
            timeout=LOOKUP_TIMEOUT,
            on_reply=lambda answer: self._answered(asked, answer),
            on_error=lambda error: self._failed(asked, error),
        )

    def _answered(self, asked: Contract, answer: ContractList) -> None:
        try:
            details = choose(asked, answer.items)
        except Rejected as refusal:
            self._refuse(asked, refusal)
            return
        self._fresh_until[asked] = time.monotonic() + FRESH
        if self._cache.learn(asked, details):
            self._remember(details)
        for found, _ in self._take(asked):
            found(details)

    def _failed(self, asked: Contract, error: DeliveryError | Rejected) -> None:
        if not isinstance(error, Rejected):
            self._refuse(asked, Rejected(f"{describe(asked)} could not be looked up: {error}", kind="no_answer"))
        elif error.kind == _NO_DEFINITION:
            self._refuse(
                asked, Rejected(f"the broker knows no contract for {describe(asked)}: {error}", kind="contract")
            )
        else:
            self._refuse(asked, error)

    def _give_up(self, asked: Contract) -> None:
        if asked not in self._asked and asked in self._waiting:
            words = f"{describe(asked)} is not known yet and there is no session with the gateway to ask"
            self._refuse(asked, Rejected(words, kind="session_down"))

    def _refuse(self, asked: Contract, refusal: Rejected) -> None:
        for _, refused in self._take(asked):
            refused(refusal)

    def _take(self, asked: Contract) -> list[tuple[Found, Refused]]:
        self._asked.discard(asked)
        return self._waiting.pop(asked, [])

"""Everything that a decision about one order is based on, gathered before any rule is asked. Pure values.

A rule sees nothing else, so that a stored decision can be made again from its facts. What is not known is None, and
the rule that needs it refuses. Quantities are in contracts, signed where they are positions: negative is short. Money
is in the contract's currency unless a name says otherwise.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec

from actors.domain.hours import HoursFact
from actors.messages.broker import OrderTerms
from actors.messages.market import ContractDetails, Quote, Reference
from actors.messages.risk import RiskFigures

NOTHING = Decimal(0)


class Holding(msgspec.Struct, frozen=True, gc=False):
    """One contract of an account: what is held of it, and what working orders may still do to that.

    `quantity` is the position of the last cut and the executions since; `told` is what Account has, zero when it lists
    none, None when it has told nothing at all. `lagging`: an execution in it is newer than what Account told, so that
    `told` is only the quantity that its funds go with.
    `unit` is what one contract is worth, its multiplier counted and never negative: as Account marks it, else the
    price of its last execution or of an order in it; None when nobody knows. `marked`: it is Account's.
    `buying` and `selling` are what working orders buy and sell at most (`working.pending`), the order in question
    taken out.
    """

    con_id: int
    symbol: str
    currency: str
    quantity: Decimal = NOTHING
    told: Decimal | None = None
    lagging: bool = False
    unit: Decimal | None = None
    marked: bool = False
    buying: Decimal = NOTHING
    selling: Decimal = NOTHING


class Known(msgspec.Struct, frozen=True, gc=False):
    """One contract of an account with what follows from it alone (`known.known`), put together once, not each time.

    `text` is the holding in words. `gross` is what it may be worth at worst and `unshown` how much of that Account's
    funds do not carry yet, in the account's base currency; or why nobody knows.
    """

    holding: Holding
    text: str = ""
    gross: Decimal | str = NOTHING
    unshown: Decimal | str = NOTHING


class Move(msgspec.Struct, frozen=True, gc=False):
    """What the order does to one contract: a single order moves its own, a combo each of its legs.

    `quantity` is what it may still buy or sell of it, above zero: for a change without what is filled, for a leg
    times its ratio. `side` is that of the leg as it would trade. `own` is the position of the order's strategy alone,
    by its executions; `own_buying` and `own_selling` what its other working orders buy and sell at most. `text` is the
    holding in words. `leg` is what the market told of the leg; None of a single order, and when it told nothing.
    """

    side: str
    quantity: Decimal
    holding: Holding
    own: Decimal = NOTHING
    own_buying: Decimal = NOTHING
    own_selling: Decimal = NOTHING
    text: str = ""
    leg: Reference | None = None


class Counts(msgspec.Struct, frozen=True, gc=False):
    """How many orders there are, without this one and those that go with it: of all, and of its strategy alone.

    `open` work or wait; `minute` were placed in the last 60 seconds, `day` since midnight of the day that counts.
    What was refused before it was sent is in none of them. They are counted from the journal, so they survive restarts.
    """

    open: int = 0
    open_own: int = 0
    minute: int = 0
    minute_own: int = 0
    day: int = 0
    day_own: int = 0


class Twin(msgspec.Struct, frozen=True, gc=False):
    """The newest order that says the same (`flow_rules.fingerprint`) and was not refused; `age` in seconds."""

    key: str
    age: float


class Facts(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One order and all that its decision needs.

    `terms` is the order as it would be sent; of a change the new ones. `quote` has its age as of now, None when
    nothing was told. `hours` is None when nobody asked for them (`market_hours` is off). `moves` is never empty;
    `others` are the account's other contracts that are held or have working orders. `figures` is None when Account
    has told nothing of the account yet. `twin` is the newest order alike, however old.
    `together` is how many orders are placed with this one, itself counted: those of its bracket or group.
    `change`: it is a working order with new terms. `waits_for_entry`: it is an exit of a bracket whose entry has not
    filled; it ends a position that only the entry makes. `asks_broker`: the broker is asked for its margin (what-if)
    before it is sent. `flattens`: it closes a position because of the kill switch. `only_reducing`: why only such
    orders pass that reduce a position, in words; empty when all may.
    """

    terms: OrderTerms
    strategy: str
    details: ContractDetails
    quote: Quote | None
    hours: HoursFact | None
    moves: tuple[Move, ...]
    others: tuple[Known, ...]
    figures: RiskFigures | None
    counts: Counts
    twin: Twin | None = None
    together: int = 1
    change: bool = False
    waits_for_entry: bool = False
    asks_broker: bool = False
    flattens: bool = False
    only_reducing: str = ""

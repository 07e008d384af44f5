"""Every statement and question of the fault language, in one table: name, arguments, meaning, an example.

In the arguments CAPITALS and `this|that` stand for one of `arguments.ARGUMENTS`, [brackets] may be left out, those
that follow each other may come in any order, and everything else is written as it stands. Reading, error texts and
the tests of docs/simulator.md all go by this table.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Form:
    """One statement or question."""

    name: str
    arguments: str
    meaning: str
    example: str
    question: bool = False

    @property
    def usage(self) -> str:
        """How it is written."""
        return f"{self.name} {self.arguments}".rstrip()


_HITS: Final = "[client CLIENT] [skip SKIP] [times TIMES] [chance CHANCE] [for DURATION]"

STATEMENTS: Final[tuple[Form, ...]] = (
    # --- messages ---
    Form("drop", f"MESSAGE {_HITS}", "These messages are lost.", "drop orderStatus client 1 times 2"),
    Form("delay", f"MESSAGE by DELAY {_HITS}", "They arrive later.", "delay execDetails by 2s for 5m"),
    Form("duplicate", f"MESSAGE {_HITS}", "They arrive twice.", "duplicate openOrder chance 30%"),
    Form("reorder", f"MESSAGE {_HITS}", "They arrive after the message that follows.", "reorder commissionReport"),
    Form(
        "corrupt", f"MESSAGE [field FIELD] {_HITS}", "A field of theirs is spoilt.", "corrupt tickPrice field 4 times 1"
    ),
    Form("clear", "[NUMBER]", "End the rule that `faults` shows under this number, or all of them.", "clear"),
    Form("unschedule", "[NUMBER]", "Forget a statement that waits for its time, or all of them.", "unschedule 2"),
    # --- the network ---
    Form(
        "down", "[for DURATION]", "Reset every client and refuse new ones; the market and orders go on.", "down for 20s"
    ),
    Form("up", "", "Listen again.", "up"),
    Form(
        "cut", "[after BYTES bytes] [client CLIENT]", "Reset clients, at once or that much later.", "cut after 7 bytes"
    ),
    Form("end", "[client CLIENT]", "Close connections in order, as a gateway that is closed.", "end client 1"),
    Form(
        "half-open", "on|off [client CLIENT]", "Neither read nor write; the socket stays open.", "half-open on client 1"
    ),
    Form("deaf", "on|off", "Accept clients but never answer their greeting.", "deaf on"),
    Form("drip", "on|off", "Send one byte at a time, twenty in a second.", "drip on"),
    Form("garbage", "[client CLIENT]", "Send bytes that are no message.", "garbage"),
    Form(
        "burst",
        "COUNT [client CLIENT] [from FILE]",
        "Send that many ticks of the lines that are watched at once.",
        "burst 500000 client 1",
    ),
    # --- the session ---
    Form("hold", "client CLIENT", "Somebody else has this client id: 326.", "hold client 17"),
    Form("release", "client CLIENT", "It is free again.", "release client 17"),
    Form(
        "next id", "ID [client CLIENT]", "The next valid order id, also a lower one than before.", "next id 5 client 1"
    ),
    Form("code", "CODE [TEXT] [client CLIENT]", "Send this system code; 1101 ends all streams too.", "code 1100"),
    Form("pacing", "on|off", "Enforce IB's limits: 100 and disconnection, 162, 366, 420.", "pacing on"),
    Form("lines", "LINES", "How many quote lines there are before code 101.", "lines 3"),
    Form("read-only", "on|off", "Refuse orders with 321 as a read-only API does.", "read-only on"),
    Form(
        "entitlement",
        "SYMBOL live|delayed|none|competing",
        "Market data rights: 10167, 354, 10197.",
        "entitlement AAPL delayed",
    ),
    Form(
        "restart",
        "for DURATION",
        "The nightly restart: everybody is cut, nobody can connect for so long.",
        "every day at 23:45 restart for 60s",
    ),
    Form(
        "login",
        "required|done",
        "The weekly login: greets, then nothing until a person has logged in.",
        "every sunday at 01:00 login required",
    ),
    # --- orders ---
    Form(
        "fill",
        "ORDER [QUANTITY] [at PRICE]",
        "A working order trades now, whatever the quote.",
        "fill last 50 at 150.25",
    ),
    Form(
        "external",
        "BUY|SELL QUANTITY SYMBOL [limit PRICE] client CLIENT",
        "An order of another API client.",
        "external BUY 100 AAPL limit 150 client 9",
    ),
    Form("manual", "BUY|SELL QUANTITY SYMBOL [limit PRICE]", "An order made by hand in TWS.", "manual SELL 5 MSFT"),
    Form(
        "correct",
        "EXECUTION price PRICE [quantity QUANTITY]",
        "The exchange corrects an execution.",
        "correct last price 149.5",
    ),
    Form("rebind", "ORDER", "The same order shows a second permId from now on.", "rebind last"),
    Form(
        "reject",
        "COUNT orders with CODE TEXT",
        "The next orders are refused so.",
        'reject 2 orders with 201 "Order rejected - reason:by script"',
    ),
    # --- the market and the clock ---
    Form(
        "price",
        "SYMBOL PRICE",
        "The market of a contract jumps there, its last price too while it trades.",
        "price AAPL 150",
    ),
    Form("gap", "SYMBOL PERCENT", "It jumps by so much; its last price stays until a trade prints.", "gap AAPL -5%"),
    Form("halt", "SYMBOL", "Trading is halted.", "halt AAPL"),
    Form("resume", "SYMBOL", "Trading goes on.", "resume AAPL"),
    Form("freeze", "on|off", "The whole market stands still: no steps, no new sizes.", "freeze on"),
    Form("hours", "always|exchange", "Trade round the clock, or by the exchanges' calendars.", "hours exchange"),
    Form(
        "clock set",
        "MOMENT",
        "The calendar shows this instant now and goes on from there.",
        "clock set 2026-11-19 23:30 US/Eastern",
    ),
    Form("clock rate", "RATE", "The calendar goes that many times as fast as true time; 0 stops it.", "clock rate 400"),
    Form("bulletin", "TEXT", "IB publishes a news bulletin.", 'bulletin "The exchange opens late today"'),
    # --- questions ---
    Form("status", "", "Address, clients with their lines, market, orders.", "status", question=True),
    Form(
        "ledger", "[TABLE]", "Counts, positions and cash of the ledger, or one table's rows.", "ledger", question=True
    ),
    Form("faults", "", "Rules, scheduled statements, and those that failed.", "faults", question=True),
)

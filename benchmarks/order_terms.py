"""What both sides of the benchmark of orders place: a limit order far from the market, which works until cancelled."""

from __future__ import annotations

SYMBOL = "AAPL"
PRICE = 150.0
"""Where the simulator's market stands still."""
LIMIT = 100.0
APART = 0.03
"""Seconds from a placement to its cancel and from there to the next: well within the gateway's 50 messages a second."""

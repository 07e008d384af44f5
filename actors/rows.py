"""The flat forms in which programs read orders, executions, positions and quotes: names are fixed.

The command line's `--json` prints them; they are part of the interface, messages are not.
"""

from __future__ import annotations

from actors.domain.balances import Balance, amount, balances
from actors.messages.account import AccountView, Position
from actors.messages.market import Quote
from actors.messages.orders import Execution, OrderView
from actors.messages.state import EquityRow

Row = dict[str, object]


def order_row(order: OrderView) -> Row:
    """One order."""
    return {
        "key": order.key,
        "order_id": order.order_id,
        "perm_ids": list(order.perm_ids),
        "account": order.account,
        "symbol": order.symbol,
        "con_id": order.con_id,
        "contract": order.contract,
        "side": order.side,
        "quantity": order.quantity,
        "filled": order.filled,
        "average_price": order.average_price,
        "type": order.order_type,
        "limit": order.limit,
        "stop": order.stop,
        "trail": order.trail,
        "trail_percent": order.trail_percent,
        "limit_offset": order.limit_offset,
        "tif": order.tif,
        "good_till": order.good_till,
        "parent": order.parent,
        "oca_group": order.oca_group,
        "status": order.status,
        "reason": order.reason,
        "commission": order.commission,
        "strategy": order.strategy,
        "external": order.external,
        "held": order.held,
        "created": order.created,
        "updated": order.updated,
    }


def execution_row(execution: Execution) -> Row:
    """One fill."""
    return {
        "exec_id": execution.exec_id,
        "key": execution.key,
        "order_id": execution.order_id,
        "account": execution.account,
        "symbol": execution.symbol,
        "con_id": execution.con_id,
        "sec_type": execution.sec_type,
        "side": execution.side,
        "quantity": execution.quantity,
        "price": execution.price,
        "commission": execution.commission,
        "currency": execution.currency,
        "realized": execution.realized,
        "exchange": execution.exchange,
        "time": execution.time,
        "strategy": execution.strategy,
    }


def position_row(position: Position) -> Row:
    """What an account holds of one contract."""
    return {
        "account": position.account,
        "symbol": position.symbol,
        "con_id": position.con_id,
        "sec_type": position.sec_type,
        "currency": position.currency,
        "quantity": position.quantity,
        "average_cost": position.average_cost,
        "market_price": position.market_price,
        "market_value": position.market_value,
        "unrealized": position.unrealized,
        "realized": position.realized,
        "daily": position.daily,
    }


def quote_row(quote: Quote) -> Row:
    """One line's quote; `age` in seconds, None before the first tick."""
    return {
        "symbol": quote.symbol,
        "con_id": quote.con_id,
        "bid": quote.bid,
        "ask": quote.ask,
        "last": quote.last,
        "bid_size": quote.bid_size,
        "ask_size": quote.ask_size,
        "last_size": quote.last_size,
        "volume": quote.volume,
        "high": quote.high,
        "low": quote.low,
        "open": quote.open,
        "close": quote.close,
        "age": quote.age,
        "state": quote.state,
        "note": quote.note,
    }


def account_row(view: AccountView) -> Row:
    """One account's summary; money in its `currency`."""
    return {
        "account": view.account,
        "currency": view.currency,
        "net_liquidation": view.net_liquidation,
        "cash": view.cash,
        "available_funds": view.available_funds,
        "buying_power": view.buying_power,
        "gross_position_value": view.gross_position_value,
        "excess_liquidity": amount(view, "ExcessLiquidity"),
        "initial_margin": amount(view, "InitMarginReq"),
        "maintenance_margin": amount(view, "MaintMarginReq"),
        "daily_pnl": view.pnl.daily,
        "unrealized_pnl": view.pnl.unrealized,
        "realized_pnl": view.pnl.realized,
        "balances": [balance_row(one) for one in balances(view)],
        "complete": view.complete,
        "as_of": view.as_of,
        "source": view.source,
    }


def balance_row(balance: Balance) -> Row:
    """What an account has in one currency; `rate` is that of the currency in the base currency."""
    return {
        "currency": balance.currency,
        "cash": balance.cash,
        "net_liquidation": balance.net_liquidation,
        "rate": balance.rate,
    }


def equity_row(row: EquityRow) -> Row:
    """What an account was worth at one moment; money in its `currency`."""
    return {
        "account": row.account,
        "trading_day": row.trading_day.isoformat(),
        "at": row.at,
        "as_of": row.as_of,
        "cause": row.cause,
        "currency": row.currency,
        "net_liquidation": row.net_liquidation,
        "cash": row.cash,
        "available_funds": row.available_funds,
        "excess_liquidity": row.excess_liquidity,
        "gross_position_value": row.gross_position_value,
        "daily_pnl": row.daily,
        "unrealized_pnl": row.unrealized,
        "realized_pnl": row.realized,
    }

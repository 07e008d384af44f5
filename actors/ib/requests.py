"""What we ask of the gateway, as frames made by ibapi's own encoders for the negotiated version.

The encoders write to a stand-in connection. They report what they cannot encode (a character that is
not ASCII, a feature this gateway lacks) through a callback and then send nothing: here that becomes
EncodingError, raised before any byte is on its way.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from ibapi.client import EClient
from ibapi.execution import ExecutionFilter
from ibapi.order_cancel import OrderCancel
from ibapi.wrapper import EWrapper

from actors.ib.order_forms import OrderForms
from actors.ib.order_values import order_to
from actors.ib.times import request_time
from actors.ib.values import contract_to
from actors.messages.broker import FetchBars, OrderTerms
from actors.messages.market import Contract
from supervision.errors import Rejected

SUMMARY_TAGS = (
    "AccountType,NetLiquidation,TotalCashValue,SettledCash,BuyingPower,EquityWithLoanValue,GrossPositionValue,"
    "InitMarginReq,MaintMarginReq,AvailableFunds,ExcessLiquidity,Cushion,Leverage"
)
_EPOCH_SECONDS = 2  # formatDate: intraday bars are dated in seconds since 1970, free of zones


class EncodingError(Rejected):
    """The request cannot be written for this gateway; nothing was sent."""

    def __init__(self, why: str) -> None:
        super().__init__(f"this cannot be sent to the gateway: {why}", kind="invalid")


class _Complaints(EWrapper):
    """Catches what an encoder has to say instead of a frame."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.text = ""

    def error(
        self,
        reqId: int,  # noqa: ARG002, N803
        errorTime: int,  # noqa: ARG002, N803
        errorCode: int,  # noqa: N803
        errorString: str,  # noqa: N803
        advancedOrderRejectJson: str = "",  # noqa: ARG002, N803
    ) -> None:
        self.text = f"{errorString} ({errorCode})"


class _Capture:
    """Stands where ibapi's Connection would: it is always there and keeps what is sent."""

    def __init__(self) -> None:
        self.frames: list[bytes] = []

    def isConnected(self) -> bool:  # noqa: N802
        return True

    def sendMsg(self, message: bytes) -> int:  # noqa: N802
        self.frames.append(message)
        return len(message)


class Requests:
    """Encodes requests for one session. Every method returns whole frames or raises EncodingError."""

    def __init__(self, *, server_version: int, client_id: int) -> None:
        self._complaints = _Complaints()
        self._capture = _Capture()
        client = EClient(self._complaints)
        client.conn = self._capture
        client.serverVersion_ = server_version
        client.clientId = client_id
        client.setConnState(EClient.CONNECTED)
        self._client = client
        self._forms = OrderForms(self._place)

    def _encode(self, send: Callable[..., None], *arguments: object) -> bytes:
        self._capture.frames.clear()
        self._complaints.text = ""
        try:
            send(*arguments)
        except (ValueError, TypeError, AssertionError, ArithmeticError) as error:
            raise EncodingError(str(error)) from error
        if self._complaints.text or not self._capture.frames:
            raise EncodingError(self._complaints.text or "the encoder wrote nothing")
        return b"".join(self._capture.frames)

    # --- session --------------------------------------------------------------------------------

    def start(self) -> bytes:
        """Begin the conversation."""
        return self._encode(self._client.startApi)

    def current_time(self) -> bytes:
        """The heartbeat: a question that every gateway answers at once."""
        return self._encode(self._client.reqCurrentTime)

    # --- market data ----------------------------------------------------------------------------

    def open_line(self, request_id: int, contract: Contract) -> bytes:
        """Stream quotes."""
        return self._encode(self._client.reqMktData, request_id, contract_to(contract), "", False, False, [])

    def close_line(self, request_id: int) -> bytes:
        """Stop a stream of quotes."""
        return self._encode(self._client.cancelMktData, request_id)

    def contracts(self, request_id: int, contract: Contract) -> bytes:
        """All contracts that match."""
        return self._encode(self._client.reqContractDetails, request_id, contract_to(contract))

    def bars(self, request_id: int, ask: FetchBars) -> bytes:
        """One historical request."""
        return self._encode(
            self._client.reqHistoricalData,
            request_id,
            contract_to(ask.contract),
            _end(ask.end),
            ask.duration,
            ask.bar,
            ask.what,
            int(ask.rth),
            _EPOCH_SECONDS,
            False,
            [],
        )

    def cancel_bars(self, request_id: int) -> bytes:
        """Give up a historical request that was not answered in time."""
        return self._encode(self._client.cancelHistoricalData, request_id)

    # --- orders ---------------------------------------------------------------------------------

    def place(self, order_id: int, contract: Contract, terms: OrderTerms) -> bytes:
        """Place an order, or change one with the same id."""
        return self._forms.place(order_id, contract, terms)

    def _place(self, order_id: int, contract: Contract, terms: OrderTerms) -> bytes:
        return self._encode(self._client.placeOrder, order_id, contract_to(contract), order_to(terms))

    def preview(self, order_id: int, contract: Contract, terms: OrderTerms) -> bytes:
        """Ask what an order would do; none is placed."""
        order = order_to(terms, what_if=True)
        return self._encode(self._client.placeOrder, order_id, contract_to(contract), order)

    def cancel(self, order_id: int) -> bytes:
        """Cancel an order."""
        return self._encode(self._client.cancelOrder, order_id, OrderCancel())

    def cancel_everything(self) -> bytes:
        """Cancel every order of every client, also those placed by hand."""
        return self._encode(self._client.reqGlobalCancel, OrderCancel())

    def open_orders(self) -> bytes:
        """The open orders of every client; binds none of them to us."""
        return self._encode(self._client.reqAllOpenOrders)

    def completed_orders(self) -> bytes:
        """Today's completed orders, also those placed by hand."""
        return self._encode(self._client.reqCompletedOrders, False)

    def executions(self, request_id: int) -> bytes:
        """Every execution since midnight."""
        return self._encode(self._client.reqExecutions, request_id, ExecutionFilter())

    # --- account --------------------------------------------------------------------------------

    def positions(self) -> bytes:
        """All positions, and their changes from then on."""
        return self._encode(self._client.reqPositions)

    def account_updates(self, account: str, on: bool) -> bytes:
        """Values and portfolio of an account; one account at a time."""
        return self._encode(self._client.reqAccountUpdates, on, account)

    def account_summary(self, request_id: int) -> bytes:
        """Key figures of every account."""
        return self._encode(self._client.reqAccountSummary, request_id, "All", SUMMARY_TAGS)

    def cancel_account_summary(self, request_id: int) -> bytes:
        """Stop the key figures."""
        return self._encode(self._client.cancelAccountSummary, request_id)

    def account_pnl(self, request_id: int, account: str) -> bytes:
        """Profit and loss of an account."""
        return self._encode(self._client.reqPnL, request_id, account, "")

    def cancel_account_pnl(self, request_id: int) -> bytes:
        """Stop an account's profit and loss."""
        return self._encode(self._client.cancelPnL, request_id)

    def position_pnl(self, request_id: int, account: str, con_id: int) -> bytes:
        """Profit and loss of one position."""
        return self._encode(self._client.reqPnLSingle, request_id, account, "", con_id)

    def cancel_position_pnl(self, request_id: int) -> bytes:
        """Stop a position's profit and loss."""
        return self._encode(self._client.cancelPnLSingle, request_id)


def _end(end: datetime | None) -> str:
    return "" if end is None else request_time(end)

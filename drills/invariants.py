"""What must hold whatever is broken: twelve checks over the record of a drill and the two books at its end.

Pure: each takes what was recorded and returns what is wrong, in words that name actor, order or number; an empty
list means that it holds. Checked after every drill, whatever the drill was about.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator

from actors.messages.orders import (
    Execution,
    OrderEvent,
    OrderView,
    PlaceBracket,
    PlaceOneCancelsAll,
    PlaceOrder,
    SettleOrder,
)
from actors.messages.session import SessionUp
from actors.messages.state import CutFinished
from drills.books import Books, LedgerOrder
from drills.record import Record
from supervision.supervisor import DEATHS_KEPT

LATE = 0.5
"""Seconds an ask may end after its deadline, on a machine that has other things to do."""
REQUESTS_A_SECOND = 60
"""IB allows 50, we send 45; but the simulator counts what it reads within a second, and on a machine that has other
things to do it reads late, and then more at once."""
TERMINAL = frozenset(("FILLED", "CANCELLED", "REJECTED", "NOT_PLACED"))
NEVER_SENT = frozenset(("REJECTED", "NOT_PLACED"))
ON_THE_WAY = frozenset(("INTENT", "SENDING", "SENT"))
LIVE_AT_BROKER = frozenset(("PendingSubmit", "PreSubmitted", "Submitted", "PendingCancel"))
BROKER_SAYS = {
    "FILLED": frozenset(("Filled",)),
    "CANCELLED": frozenset(("Cancelled", "ApiCancelled")),
    "REJECTED": frozenset(("Inactive", "Cancelled")),
    "NOT_PLACED": frozenset[str](),
}

PLACING = frozenset(one.__name__ for one in (PlaceOrder, PlaceBracket, PlaceOneCancelsAll))

Check = Callable[[Record, Books], Iterator[str]]


def one_owner_and_rising_incarnations(record: Record, _: Books) -> Iterator[str]:
    """I1: one live owner for each name, and its incarnation only rises."""
    last: dict[tuple[int, str], tuple[int, int | None]] = {}
    for seen, child in record.children():
        key = (seen.service, child.name)
        incarnation, pid = last.get(key, (0, None))
        if child.incarnation < incarnation:
            yield f"{child.name} went from incarnation {incarnation} back to {child.incarnation}"
        if child.incarnation == incarnation and None not in (pid, child.pid) and pid != child.pid:
            yield f"incarnation {incarnation} of {child.name} had the processes {pid} and {child.pid}"
        last[key] = (child.incarnation, child.pid if child.pid is not None else pid)


def asks_end_in_time(record: Record, _: Books) -> Iterator[str]:
    """I2: every ask ends by its deadline."""
    for one in record.operations:
        took = one.ended - one.began
        if took > one.timeout + LATE:
            yield f"{one.what} {one.key} to {one.actor} took {took:.2f} s with a limit of {one.timeout:g} s"


def one_order_a_key(_: Record, books: Books) -> Iterator[str]:
    """I3: at most one order at the broker under each key."""
    counts = Counter(order.key for order in books.ledger_orders if order.key)
    for key, count in counts.items():
        if count > 1:
            yield f"the broker got {count} orders with key {key}"


def books_agree(record: Record, books: Books) -> Iterator[str]:
    """I4: our orders, executions and positions are the broker's; each execution counts once."""
    theirs = {order.key: order for order in books.ledger_orders if order.key}
    placed = [one for one in record.operations if one.what in PLACING]
    refused = {one.key for one in placed} - {one.key for one in placed if one.outcome != "rejected"}
    for key in (one for one in theirs if entry_of(one) in refused):
        yield f"order {key} is at the broker, and every client who placed it was told that nothing was sent"
    ours = {order.key: order for order in books.orders if not order.external}
    for key in theirs.keys() - ours.keys():
        yield f"order {key} is at the broker, and the service does not know it"
    sent = believed(books)
    for order in ours.values():
        yield from _order_agrees(order, theirs.get(order.key), sent=order.key in sent)
    paid = {one.exec_id: (one.key, one.quantity, one.price, one.commission) for one in books.ledger_executions}
    counted = Counter(one.exec_id for one in books.executions)
    yield from (f"execution {exec_id} is counted {count} times" for exec_id, count in counted.items() if count > 1)
    seen = {one.exec_id: (_reference(one), one.quantity, one.price, one.commission) for one in books.executions}
    for exec_id in paid.keys() ^ seen.keys():
        yield f"execution {exec_id} is known to {'the broker' if exec_id in paid else 'the service'} alone"
    for exec_id in paid.keys() & seen.keys():
        if paid[exec_id] != seen[exec_id]:
            yield f"execution {exec_id} is {seen[exec_id]} for the service and {paid[exec_id]} for the broker"
    if books.positions != books.ledger_positions:
        yield f"positions: the service says {books.positions}, the broker {books.ledger_positions}"


def entry_of(key: str) -> str:
    """The key that a client named: a group's orders are `KEY/profit`, `KEY/1` and the like."""
    return key.partition("/")[0]


def believed(books: Books) -> set[str]:
    """The keys of our orders that the broker has, or had, as the service says.

    The gateway alone has the orders of a bracket whose message was cut: kept back, one may be cancelled there (202); it
    has no permId and stands in no book of the broker's. An order that goes alone is never kept back.
    """
    ours = [order for order in books.orders if not order.external]
    brackets = {order.parent for order in ours if order.parent}

    def kept_back(order: OrderView) -> bool:
        unseen = order.status == "CANCELLED" and not order.perm_ids and not order.filled
        return unseen and (order.parent or order.key) in brackets

    return {order.key for order in ours if order.status not in NEVER_SENT and not kept_back(order)}


def _reference(execution: Execution) -> str:
    """The orderRef it came with; an order of others that has none is given a key here."""
    return "" if execution.key.startswith("ext:") else execution.key


def _order_agrees(order: OrderView, theirs: LedgerOrder | None, *, sent: bool) -> Iterator[str]:
    where = "nowhere" if theirs is None else f"{theirs.status}, filled {theirs.filled}"
    said = f"order {order.key} is {order.status}, filled {order.filled}; at the broker {where}"
    if order.status == "UNKNOWN":
        yield f"{said}: it was not resolved ({order.reason})"
    elif theirs is None:
        if sent:
            yield said
    elif order.filled != theirs.filled or not _status_agrees(order.status, theirs.status):
        yield said


def _status_agrees(ours: str, theirs: str) -> bool:
    if ours in TERMINAL:
        return theirs in BROKER_SAYS[ours]
    return theirs in LIVE_AT_BROKER


def unknown_until_evidence(record: Record, books: Books) -> Iterator[str]:
    """I5: an UNKNOWN order is never sent again, and called not placed only after two confirmed cuts or by a person."""
    settled = {one.key for one in record.operations if one.what == SettleOrder.__name__ and one.outcome != "rejected"}
    cuts = 0  # confirmed ones so far; the row of a cut follows those of what it did
    unknown_since: dict[str, int] = {}
    by_this_cut: set[str] = set()
    given_up: set[str] = set()  # what is journalled of an order afterwards still says that it is not placed
    for row in books.journal:
        since = unknown_since.get(row.key)
        if since is not None and row.status in ON_THE_WAY:
            yield f"order {row.key} was UNKNOWN and became {row.status} (journal row {row.sequence})"
        if row.status == "NOT_PLACED" and row.key not in settled and row.key not in given_up:
            given_up.add(row.key)
            by_this_cut.add(row.key)
            if since is None or cuts == since:
                yield f"order {row.key} was called NOT_PLACED without a confirmed cut before that lacked it"
        if row.kind == "cut_applied":
            cuts += row.confirmed
            if not row.confirmed:
                yield from (f"order {key} was called NOT_PLACED by a cut that is not confirmed" for key in by_this_cut)
            by_this_cut.clear()
        if row.status == "UNKNOWN":
            unknown_since.setdefault(row.key, cuts)
        elif row.key and row.status:
            unknown_since.pop(row.key, None)
        if row.key and row.status and row.status != "NOT_PLACED":  # a row of a refusal says nothing of the order
            given_up.discard(row.key)
    yield from (f"order {key} was called NOT_PLACED by no cut" for key in by_this_cut)


def lines_are_the_wanted_ones(_: Record, books: Books) -> Iterator[str]:
    """I6: one quote line at the gateway for each wanted contract, none twice, and pacing kept."""
    for client in books.clients:
        if client["lines"] != list(books.quotes):
            yield f"client {client['client_id']} has the lines {client['lines']}, wanted are {list(books.quotes)}"
        if client["busiest"] > REQUESTS_A_SECOND:
            yield f"client {client['client_id']} sent {client['busiest']} requests in one second"


def bystanders_are_untouched(record: Record, books: Books) -> Iterator[str]:
    """I7: who was not hit keeps its process and its incarnation."""
    if books.expected_restarts is None:
        return
    first: dict[str, int] = {}
    for seen, child in record.children():
        if seen.service == books.tree.pid and child.pid is not None:
            first.setdefault(child.name, child.pid)
    for child in books.tree.children:
        if child.name not in books.expected_restarts and child.name in first and child.pid != first[child.name]:
            yield f"{child.name} was not hit and has process {child.pid} instead of {first[child.name]}"


def restarts_in_time_and_number(record: Record, books: Books) -> Iterator[str]:
    """I8: recovery within its budget, and exactly as many restarts as there were reasons."""
    for one in record.restarts:
        if one.seconds > one.budget:
            yield f"{one.name} answered {one.seconds:.2f} s after {one.cause}; allowed are {one.budget:g} s"
    if books.expected_restarts is not None:
        for child in books.tree.children:
            expected = books.expected_restarts.get(child.name, 0)
            if child.restarts != expected:
                yield f"{child.name} was restarted {child.restarts} times, expected {expected}"


def one_client(_: Record, books: Books) -> Iterator[str]:
    """I9: no process, zombie, descriptor or socket left; one client at the gateway.

    The clients are counted here, the rest by `leaks` while the service runs and after its end.
    """
    if len(books.clients) != 1:
        yield f"the gateway has {len(books.clients)} clients: {[client['client_id'] for client in books.clients]}"


def fails_closed(record: Record, books: Books) -> Iterator[str]:
    """I10: no order reaches the market while the session is down, or State beyond its grace."""
    for window in record.windows:
        for order in books.ledger_orders:
            if window.began_wall < order.placed < window.ended_wall:
                after = order.placed - window.began_wall
                yield f"order {order.key} reached the broker {after:.2f} s after this began: {window.why}"


def one_death_record_each(_: Record, books: Books) -> Iterator[str]:
    """I11: one death record for each ended incarnation, with a reason."""
    deaths = books.tree.deaths
    counts = Counter((death.name, death.incarnation) for death in deaths)
    for (name, incarnation), count in counts.items():
        if count > 1:
            yield f"incarnation {incarnation} of {name} has {count} death records"
    yield from (f"the death record of {one.name} ({one.incarnation}) has no reason" for one in deaths if not one.reason)
    if len(deaths) == DEATHS_KEPT:
        return  # the older ones are forgotten
    for child in books.tree.children:
        for incarnation in range(1, child.incarnation):
            if (child.name, incarnation) not in counts:
                yield f"incarnation {incarnation} of {child.name} ended without a death record"


def never_backwards(record: Record, books: Books) -> Iterator[str]:
    """I12: what was published never goes back: sessions, cuts, fills, and orders that were over."""
    epoch = cut = 0
    orders: dict[str, OrderView] = {}
    for seen in record.seen:
        match seen.message:
            case SessionUp(epoch=now):
                if now <= epoch:
                    yield f"session {now} came up after session {epoch}"
                epoch = now
            case CutFinished(cut=view):
                if view.cut <= cut:
                    yield f"cut {view.cut} finished after cut {cut}"
                cut = view.cut
            case OrderEvent(order=order):
                before = orders.get(order.key)
                orders[order.key] = order
                if before is None or order.key in books.corrected:  # the broker itself took some of it back
                    continue
                if order.filled < before.filled:
                    yield f"order {order.key} was filled {before.filled}, then {order.filled}"
                if before.status in TERMINAL and order.status not in TERMINAL:
                    yield f"order {order.key} was {before.status}, then {order.status}"


INVARIANTS: dict[str, Check] = {
    "I1": one_owner_and_rising_incarnations,
    "I2": asks_end_in_time,
    "I3": one_order_a_key,
    "I4": books_agree,
    "I5": unknown_until_evidence,
    "I6": lines_are_the_wanted_ones,
    "I7": bystanders_are_untouched,
    "I8": restarts_in_time_and_number,
    "I9": one_client,
    "I10": fails_closed,
    "I11": one_death_record_each,
    "I12": never_backwards,
}


def violations(record: Record, books: Books, only: tuple[str, ...] = tuple(INVARIANTS)) -> list[str]:
    """Everything that does not hold, each with the number of its invariant."""
    return [f"{name}: {wrong}" for name in only for wrong in INVARIANTS[name](record, books)]


def meaning(check: Check) -> str:
    """What an invariant says, in one line."""
    return (check.__doc__ or "").partition("\n")[0].partition(": ")[2].rstrip(".")

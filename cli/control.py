"""`reconcile`, `halt`, `resume`: what an operator does when something looks wrong."""

from __future__ import annotations

import getpass
from pathlib import Path

import click

from actors.desk import Desk
from actors.domain.halting import MODES
from actors.messages.orders import CancelMode, GateView
from actors.messages.state import CutView, Difference, Reconcile
from actors.orders.halt_file import HaltFile
from cli.exits import DEGRADED, NEEDS_PERSON
from cli.options import as_json, state_dir
from cli.output import console, print_json, table
from supervision.errors import DeliveryError

RECONCILE_LIMIT = 60.0


@click.command()
@state_dir
@as_json
@click.pass_context
def reconcile(ctx: click.Context, state_dir: Path, as_json: bool) -> None:
    """Compare with the broker now and print the differences; exit 11 when a person must decide."""
    with Desk.connect(state_dir) as desk:
        cut = desk.state.ask(Reconcile(f"asked by {getpass.getuser()}"), timeout=RECONCILE_LIMIT)
    if as_json:
        print_json(cut)
    else:
        _print_cut(cut)
    if any(not difference.repaired for difference in cut.differences):
        ctx.exit(NEEDS_PERSON)
    if not cut.confirmed:
        ctx.exit(DEGRADED)


def _print_cut(cut: CutView) -> None:
    seconds = (cut.finished - cut.started).total_seconds()
    verdict = "confirmed" if cut.confirmed else "NOT confirmed"
    failed = "".join(f"; {part.name} failed: {part.error}" for part in cut.parts if part.error)
    click.echo(f"cut {cut.cut} of session {cut.epoch}: {verdict} in {seconds:.2f} s{failed}")
    if not cut.differences:
        click.echo("no difference")
        return
    columns = ("difference", "of", "ours", "the broker's", "action", "new orders", "")
    console().print(table(columns, map(_difference_cells, cut.differences)))


def _difference_cells(item: Difference) -> tuple[str, ...]:
    locked = f"none in {item.scope} until: {item.unlock}" if item.locks else ""
    decided = "done" if item.repaired else "NEEDS A PERSON"
    return (item.kind, item.subject, item.ours, item.theirs, item.action, locked, decided)


@click.command()
@click.option(
    "--cancel",
    type=click.Choice(MODES),
    default="own",
    show_default=True,
    help="What to cancel: nothing, entries (what reduces no position), our own orders, or all, also others'.",
)
@click.option("--flatten", is_flag=True, help="Then close every position at the market; cancels our own orders first.")
@click.option("--reason", default="no reason given", show_default=True, help="Kept in the journal.")
@state_dir
@as_json
@click.pass_context
def halt(ctx: click.Context, cancel: CancelMode, flatten: bool, reason: str, state_dir: Path, as_json: bool) -> None:
    """Kill switch: refuse every new order from now on, also after a restart, until `resume`."""
    with Desk.connect(state_dir) as desk:
        try:
            gate = desk.halt(reason, cancel=cancel, flatten=flatten)
        except DeliveryError as error:
            assert desk.service is not None
            if not HaltFile(Path(desk.service.directory)).stands():
                raise
            click.echo(
                f"halted by the file HALT: no new order leaves. Nothing is known to be cancelled, as Order did not "
                f"answer ({error}); it does it as soon as it lives",
                err=True,
            )
            ctx.exit(DEGRADED)
    _print_gate(gate, as_json=as_json)


@click.command()
@click.option("--reason", required=True, help="Why trading may go on; kept in the journal.")
@state_dir
@as_json
def resume(reason: str, state_dir: Path, as_json: bool) -> None:
    """Lift the kill switch."""
    with Desk.connect(state_dir) as desk:
        gate = desk.resume(reason)
    _print_gate(gate, as_json=as_json)


def _print_gate(gate: GateView, *, as_json: bool) -> None:
    if as_json:
        print_json(gate)
    else:
        click.echo(f"gate {gate.state}" + (f": {'; '.join(gate.reasons)}" if gate.reasons else ""))

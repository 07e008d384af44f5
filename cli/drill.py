"""`drill`: hurt a service of its own in every way we know, and judge it by the simulator's ledger.

Touches no running service: each drill has a state directory, ports and processes of its own. The exit code is 0
when every invariant held, 1 when something broke.
"""

from __future__ import annotations

import secrets
import time
from collections import Counter
from collections.abc import Sequence

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.text import Text

from actors.failpoints import FAILPOINTS
from cli.exits import FAULT, USAGE, Failure
from cli.output import BAD, DIM, GOOD, WARN, console, print_json, table
from drills import invariants
from drills.catalogue import UnknownDrill, chosen, drills
from drills.drill import Drill
from drills.outcome import Result, Verdict
from drills.report import restart_times, summary
from drills.runner import Runner
from supervision.failpoints import VARIABLE

SHOWN = 80
"""Lines of the event log that the report of a broken drill ends with; --json has more."""
MARKS: dict[Verdict, tuple[str, str]] = {
    "held": ("held", GOOD),
    "broken": ("BROKEN", BAD),
    "skipped": ("skipped", WARN),
}


@click.command()
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--list", "listing", is_flag=True, help="Tell the drills, the invariants and the failpoints; run none.")
@click.option("--seed", type=click.IntRange(min=0), help="Repeat a run: the same faults in the same order.")
@click.option(
    "--count", type=click.IntRange(1, 100_000), help="Faults of a drill that makes many; else its own number."
)
@click.option("--jobs", type=click.IntRange(1, 32), default=1, show_default=True, help="Drills at a time.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_context
def drill(
    ctx: click.Context,
    names: tuple[str, ...],
    listing: bool,
    seed: int | None,
    count: int | None,
    jobs: int,
    as_json: bool,
) -> None:
    """Run the restart and fault drills NAME... (names or numbers; all of them when none is given).

    Every drill runs a real service on a simulated gateway of its own and checks twelve invariants
    on what was recorded: nothing lost, nothing doubled, nothing guessed, nobody else touched.
    """
    try:
        wanted = chosen(names)
    except UnknownDrill as error:
        raise Failure(str(error), USAGE) from error
    if listing:
        _list(as_json=as_json)
        return
    seed = secrets.randbelow(1_000_000) if seed is None else seed
    began = time.monotonic()
    results = _run(wanted, seed, count, jobs)
    if as_json:
        print_json({"seed": seed, **summary(results, time.monotonic() - began)})
    else:
        _report(results, seed, time.monotonic() - began)
    ctx.exit(FAULT if any(one.verdict == "broken" for one in results) else 0)


def _list(*, as_json: bool) -> None:
    about = {name: invariants.meaning(check) for name, check in invariants.INVARIANTS.items()}
    if as_json:
        known = [
            {"number": one.number, "name": one.name, "title": one.title, "about": one.about, "count": one.count}
            for one in drills()
        ]
        print_json({"drills": known, "invariants": about, "failpoints": dict(FAILPOINTS)})
        return
    screen = console()
    rows = [(one.number, one.name, one.title, one.count or "", one.about) for one in drills()]
    screen.print(table(("#>", "drill", "what is done", "count>", "aims at"), rows))
    screen.print(table(("invariant", "what must hold, checked after every drill"), list(about.items())))
    screen.print(table((f"failpoint ({VARIABLE})", "where it stands"), list(FAILPOINTS.items())))


def _run(wanted: Sequence[Drill], seed: int, count: int | None, jobs: int) -> list[Result]:
    results: list[Result] = []
    screen = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with Progress(*columns, console=screen, disable=not screen.is_terminal) as progress:
        everything = progress.add_task(f"{len(wanted)} drills, seed {seed}", total=len(wanted))
        bars = {one.name: progress.add_task(one.name, total=1.0, visible=False) for one in wanted}

        def tell(running: Drill, part: float, text: str) -> None:
            words = f"{running.name}: {text}" if text else running.name
            progress.update(bars[running.name], completed=part, description=words, visible=True)

        for result in Runner(wanted, seed, count, jobs, tell).results():
            results.append(result)
            progress.update(bars[result.name], visible=False)
            progress.advance(everything)
            if not screen.is_terminal or result.verdict != "held":
                screen.print(f"{result.verdict:8} {result.number:>2} {result.name}, {result.seconds:.1f} s")
    return sorted(results, key=lambda one: one.number)


def _report(results: Sequence[Result], seed: int, seconds: float) -> None:
    screen = console()
    for one in results:
        if one.verdict != "held":
            _tell_what_broke(screen, one, seed)
    rows = [(one.number, one.name, Text(*MARKS[one.verdict]), f"{one.seconds:.1f} s", _figures(one)) for one in results]
    screen.print(table(("#>", "drill", "verdict", "took>", "seen"), rows))
    times = restart_times(results)
    if times:
        title = "SIGKILL to the next answer"
        shown = [
            (name, int(one["kills"]), *(f"{one[part] * 1e3:.0f} ms" for part in ("p50", "p99", "max")))
            for name, one in times.items()
        ]
        screen.print(table(("actor", "kills>", "p50>", "p99>", "max>"), shown, title=title))
    counts = Counter(MARKS[one.verdict][0] for one in results)
    words = ", ".join(f"{count} {word}" for word, count in counts.items())
    style = BAD if any(one.verdict == "broken" for one in results) else GOOD
    screen.print(Text(f"{words}; {len(invariants.INVARIANTS)} invariants, {seconds:.0f} s, seed {seed}", style=style))


def _tell_what_broke(screen: Console, result: Result, seed: int) -> None:
    word, style = MARKS[result.verdict]
    screen.print(Text(f"{word}: drill {result.number} {result.name} ({result.title})", style=style))
    for wrong in result.broken:
        screen.print(Text(f"  {wrong}"))
    for line in result.history[-SHOWN:]:
        screen.print(Text(f"    {line}", style=DIM))
    if result.verdict == "broken":
        screen.print(
            f"  again: nightdesk drill --seed {seed} {result.name}; its state directory is kept: {result.home}"
        )


def _figures(result: Result) -> str:
    said = [f"{name} {value}" for name, value in result.figures.items()]
    if result.operations:
        said.append(f"{result.operations} asks")
    return ", ".join(said)

"""`journal verify|export|backup`: what was recorded, checked, written out, copied; with the service running or not.

They read the files themselves and ask no service. Without --dir the folder is the one of the service that runs on the
state directory, or the only one in it that holds an order journal.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, TextIO, TypeVar, get_args

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from actors.books.backup import DamagedBackup, back_up
from actors.books.export import Book, Format, Wanted, rows, write
from actors.books.files import ORDERS, STATE, Unreadable, in_words, reading
from actors.books.verification import Verification, Verified
from actors.domain.audit_chain import Head
from actors.running import NotRunning, find
from cli.exits import DAMAGED, DEGRADED, FAULT, REFUSED, USAGE, Failure
from cli.options import as_json, state_dir
from cli.output import console, print_json, table

F = TypeVar("F", bound=Callable[..., Any])


def _directory(function: F) -> F:
    return click.option(
        "--dir",
        "folder",
        type=click.Path(file_okay=False, exists=True, path_type=Path),
        help="The folder with both databases, for example a backup [default: the service's].",
    )(function)


def _head(_: click.Context, __: click.Parameter, value: str | None) -> Head | None:
    if value is None:
        return None
    row, _colon, hash_ = value.partition(":")
    if not (row.isdecimal() and len(hash_) == 64 and set(hash_) <= set("0123456789abcdef")):
        raise click.BadParameter(f"{value!r} is no head; write ROW:HASH, with the 64 digits of the hash as logged")
    return Head(int(row), hash_)


@click.group()
def journal() -> None:
    """Verify, export or back up the order journal and the audit trail."""


@journal.command()
@click.option(
    "--head",
    metavar="ROW:HASH",
    callback=_head,
    help="A head noted earlier, from the log or a backup: that row must still have that hash.",
)
@_directory
@state_dir
@as_json
def verify(head: Head | None, folder: Path | None, state_dir: Path, as_json: bool) -> None:
    """Check every row of both; exit 20 when one was edited, removed or inserted, and name it."""
    with _progress("verifying") as progress, _in_words():
        verified = Verification(_found(folder, state_dir), head, progress).run()
    _tell(verified, as_json=as_json)
    if verified.found:
        raise click.exceptions.Exit(DAMAGED)


@journal.command()
@click.argument("dest", type=click.Path(path_type=Path))
@_directory
@state_dir
@as_json
def backup(dest: Path, folder: Path | None, state_dir: Path, as_json: bool) -> None:
    """Copy both databases, as they are at this moment, to the new folder DEST, and verify the copy."""
    directory = _found(folder, state_dir)
    if dest.exists() and not (dest.is_dir() and not any(dest.iterdir())):
        raise Failure(f"{dest} exists: name a new folder, nothing was copied", REFUSED)
    with _progress("verifying the copy") as progress, _in_words():
        try:
            verified = back_up(directory, dest.absolute(), progress)
        except DamagedBackup as error:
            _tell(error.verified, as_json=as_json)
            raise Failure(f"no backup was made: {error}; look at it with: nightdesk journal verify", DAMAGED) from error
        except OSError as error:
            raise Failure(f"no backup was made: {error}", FAULT) from error
    _tell(replace(verified, directory=dest), as_json=as_json)


@journal.command()
@click.option("--audit", is_flag=True, help="The audit trail, with its chain, instead of the order journal.")
@click.option("--format", "form", type=click.Choice(get_args(Format)), default="jsonl", show_default=True)
@click.option("--since", type=click.DateTime(), help="Local time of the first row.")
@click.option("--until", type=click.DateTime(), help="Local time before which the last row is.")
@click.option("--kind", "kinds", multiple=True, help="Only this kind of row; may be repeated.")
@click.option("--key", help="Only what is about this order.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="A new file [default: standard output].")
@_directory
@state_dir
def export(
    audit: bool,
    form: Format,
    since: datetime | None,
    until: datetime | None,
    kinds: tuple[str, ...],
    key: str | None,
    out: Path | None,
    folder: Path | None,
    state_dir: Path,
) -> None:
    """Write rows of the order journal, or of the audit trail, as JSON lines or csv."""
    book: Book = "audit" if audit else "journal"
    path = _found(folder, state_dir) / (STATE if audit else ORDERS)
    wanted = Wanted(_utc(since), _utc(until), kinds, key)
    with (
        _in_words(),
        reading(path) as db,
        in_words(path),
        _output(out) as target,
        closing(rows(db, book, wanted)) as found,  # also when nobody reads on
    ):
        count = write(found, book, form, target)
    click.echo(f"{count} rows of {path}", err=True)


def _utc(local: datetime | None) -> datetime | None:
    return None if local is None else local.astimezone()


@contextmanager
def _output(out: Path | None) -> Iterator[TextIO]:
    """Standard output, or a new file for its owner alone that appears when it is complete."""
    try:
        if out is None:
            yield sys.stdout
            sys.stdout.flush()
        else:
            with _new_file(out) as file:
                yield file
    except BrokenPipeError:
        raise  # whoever reads has had enough, which is no fault
    except OSError as error:
        raise Failure(f"the export is not complete: {error}", FAULT) from error


@contextmanager
def _new_file(out: Path) -> Iterator[TextIO]:
    if out.exists():
        raise Failure(f"{out} exists: name a new file", REFUSED)
    draft = out.with_name(f".{out.name}.part")
    try:
        draft.touch(mode=0o600)
        with draft.open("w", newline="", encoding="utf-8") as file:
            yield file
        draft.replace(out)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


def _found(folder: Path | None, state_dir: Path) -> Path:
    if folder is not None:
        return folder
    try:
        return state_dir / Path(find(state_dir).directory).name
    except NotRunning:
        held = sorted(path.parent for path in state_dir.glob(f"*/{ORDERS}"))
    if not held:
        raise Failure(f"no folder in {state_dir} holds an order journal; name one with --dir", USAGE)
    if len(held) > 1:
        names = ", ".join(path.name for path in held)
        raise Failure(f"{state_dir} has several: {names}; name one with --dir {held[0]}", USAGE)
    return held[0]


@contextmanager
def _in_words() -> Iterator[None]:
    try:
        yield
    except Unreadable as error:
        raise Failure(str(error), DAMAGED if error.damaged else DEGRADED) from error


@contextmanager
def _progress(what: str) -> Iterator[Callable[[int, int], None]]:
    """A bar on standard error; nothing at all where that is no terminal."""
    screen = Console(stderr=True)
    columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    with Progress(TextColumn("{task.description}"), *columns, console=screen, disable=not screen.is_terminal) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _tell(verified: Verified, *, as_json: bool) -> None:
    head = f"{verified.head.sequence}:{verified.head.hash}"
    if as_json:
        rows_ = {"rows": verified.rows, "followed": verified.followed, "unfollowed": verified.unfollowed}
        findings = [{name: getattr(one, name) for name in one.__slots__} for one in verified.findings]
        told = {"directory": str(verified.directory), "head": head, **rows_, "replaced": verified.replaced}
        print_json({**told, "found": verified.found, "findings": findings})
        return
    click.echo(f"{verified.directory}")
    click.echo(f"audit trail: {verified.rows:,} rows, {verified.followed:,} of them of the order journal")
    if verified.unfollowed:
        click.echo(
            f"order journal: {verified.unfollowed:,} rows are not in the audit trail yet, nothing vouches for them"
        )
    if verified.replaced:
        click.echo(f"order journal: another one took its place {verified.replaced:,} times")
    click.echo(f"head: {head}")
    if not verified.found:
        whose = "every row that the audit trail has" if verified.unfollowed else "every row"
        click.echo(f"{whose} is as it was written")
        return
    shown = ((one.file, one.table, one.row or None, one.problem) for one in verified.findings)
    console().print(table(("file", "table", "row>", "finding"), shown, title=f"findings: {verified.found:,}"))

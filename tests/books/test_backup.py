"""A backup is one instant of both databases, whatever is written while it is made."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from actors.books.backup import DamagedBackup, back_up
from actors.books.files import Unreadable
from tests.books.shelf import shelf, verified
from tests.support.disk import damage

ROOT = Path(__file__).resolve().parents[2]


def ignored(_done: int, _total: int) -> None:
    """Nobody looks at the progress."""


@contextmanager
def written(directory: Path) -> Iterator[subprocess.Popen[str]]:
    """Both databases are written to by another process until the end of the block, where it is killed."""
    command = [sys.executable, "-m", "tests.books.writer", str(directory)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        try:
            yield writer
        finally:
            writer.kill()


def test_backups_of_what_is_written_all_the_time_are_whole_and_each_is_a_beginning_of_the_next(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    made = []
    with written(home) as writer:
        assert writer.stdout is not None
        for number in range(8):
            before = int(writer.stdout.readline())
            made.append(back_up(home, tmp_path / f"backup-{number}", ignored))
            while int(writer.stdout.readline()) < before + 20:
                pass
    heads = [one.head for one in made]
    assert [head.sequence for head in heads] == sorted({head.sequence for head in heads})
    for number, head in enumerate(heads):
        copy = verified(tmp_path / f"backup-{number}", head)
        assert (copy.found, copy.head) == (0, head)
        later = min(number + 1, len(heads) - 1)
        assert verified(tmp_path / f"backup-{later}", head).found == 0
        assert verified(home, head).found == 0


def test_a_copy_stands_alone_and_reading_it_writes_nothing(tmp_path: Path) -> None:
    home = shelf(tmp_path / "home")
    back_up(home, tmp_path / "backup", ignored)
    verified(tmp_path / "backup")
    assert sorted(path.name for path in (tmp_path / "backup").iterdir()) == ["orders.db", "state.db"]


@pytest.mark.parametrize("file", ["orders.db", "state.db"])
def test_what_is_gone_or_damaged_leaves_no_backup(tmp_path: Path, file: str) -> None:
    home = shelf(tmp_path / "home")
    damage(home / file)
    with pytest.raises((DamagedBackup, Unreadable)):
        back_up(home, tmp_path / "backup", ignored)
    (home / file).unlink()
    with pytest.raises(Unreadable, match="no such file"):
        back_up(home, tmp_path / "backup", ignored)
    assert [path.name for path in tmp_path.iterdir()] == ["home"]


def test_a_folder_with_something_in_it_is_not_replaced(tmp_path: Path) -> None:
    home = shelf(tmp_path / "home")
    (tmp_path / "backup").mkdir()
    (tmp_path / "backup" / "letter").write_text("dear diary")
    with pytest.raises(OSError, match="not empty"):
        back_up(home, tmp_path / "backup", ignored)
    assert (tmp_path / "backup" / "letter").read_text() == "dear diary"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["backup", "home"]

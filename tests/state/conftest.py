"""The fixtures of the tests of State."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from actors.store.database import Database
from tests.state.databases import Databases
from tests.state.house import House


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = House(tmp_path)
    yield house
    house.close()


@pytest.fixture
def databases(tmp_path: Path) -> Iterator[Databases]:
    databases = Databases(tmp_path / "state.db")
    yield databases
    databases.close()


@pytest.fixture
def database(databases: Databases) -> Database:
    return databases.open()

"""The running toy service of a test; nothing of it outlives the test."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.supervision.toy_run import Service


@pytest.fixture
def service() -> Iterator[Service]:
    with tempfile.TemporaryDirectory(prefix="toys-") as directory:
        service = Service(Path(directory))
        try:
            yield service
        finally:
            service.close()

"""Every message that can be sent, in every variant, decodes exactly with three real decoders; and none is forgotten."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import CodeType, FrameType

import ib_async
import ib_insync
import ib_insync.decoder
import pytest

import simulator
import simulator.wire
from simulator.wire.names import OUTGOING
from tests.simulator.catalogue import NOT_ASCII, catalogue
from tests.simulator.rig import VERSIONS, Recorder, decode_officially, decode_with_ib_async

_SIMULATOR = Path(simulator.__file__).parent


@pytest.mark.parametrize("version", VERSIONS)
def test_every_message_in_every_variant_decodes_exactly(version):
    recorder = Recorder()
    for name, payload in catalogue(version):
        recorder.calls.clear()
        decode_officially(payload, version, recorder)
        assert recorder.calls or name.startswith("0 bars"), (name, payload)
        if name == "error of a request":
            assert NOT_ASCII in recorder.calls[0][1]
        if version <= ib_async.Client.MaxClientVersion:
            decode_with_ib_async(payload, version)
        if version <= ib_insync.Client.MaxClientVersion:
            decode_with_ib_async(payload, version, ib_insync)


@pytest.mark.parametrize("version", VERSIONS)
def test_messages_bear_the_version_numbers_that_real_gateways_put_first(version):
    """No client looks at them, so no decoder would miss them."""
    numbers = {"1": {8, 9, 12, 13, 14, 15, 49, 52, 53, 54, 55, 57, 58, 59, 62, 63, 64, 71, 72, 73, 74}}
    numbers |= {"2": {6}, "3": {50, 61}, "6": {1, 2, 45, 46}, "8": {7}}
    expected = {number: text for text, ids in numbers.items() for number in ids}
    if version < 200:
        expected[4] = "2"
    for name, payload in catalogue(version):
        kind, first, *_ = payload.decode().split("\0")
        assert first == expected.get(int(kind), first), name


@pytest.mark.parametrize("version", VERSIONS)
def test_contracts_that_are_held_are_told_as_in_published_logs(version):
    """A share in the portfolio has the right 0 and its listing exchange, in positions the exchange; futures none."""
    found = {name: payload.decode().split("\0") for name, payload in catalogue(version)}
    assert found["portfolio: STK"][7:10] == ["0", "", "NASDAQ"]
    assert found["portfolio: OPT"][7:9] == ["C", "100"]
    assert found["position: STK"][8:11] == ["", "", "NASDAQ"]
    assert found["position: FUT"][8:11] == ["", "50", ""]
    assert found["position of a model: OPT"][9:12] == ["C", "100", ""]


def _encoders() -> dict[CodeType, str]:
    """The public functions that write messages, by their code."""
    modules = [importlib.import_module(f"simulator.wire.{found.name}") for found in pkgutil.iter_modules(_wire_path())]
    return {
        function.__code__: f"{module.__name__}.{name}"
        for module in modules
        if module.__name__.endswith(("_messages", ".general"))
        for name, function in inspect.getmembers(module, inspect.isfunction)
        if function.__module__ == module.__name__ and not name.startswith("_") and name != "greeting"
    }


def _wire_path() -> list[str]:
    return list(simulator.wire.__path__)


def test_every_encoder_is_in_the_catalogue():
    encoders = _encoders()
    called: set[CodeType] = set()

    def note(frame: FrameType, event: str, _: object) -> None:
        if event == "call":
            called.add(frame.f_code)

    sys.setprofile(note)
    try:
        for version in VERSIONS:
            assert list(catalogue(version))
    finally:
        sys.setprofile(None)
    assert sorted(name for code, name in encoders.items() if code not in called) == []


def _written() -> Iterator[int]:
    """The message ids that simulator code writes: first arguments of `message`, and the heads of ready-made ticks."""
    for path in _SIMULATOR.rglob("*.py"):
        tree = ast.parse(path.read_text())
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "message":
                first = node.args[0]
                while isinstance(first, ast.Starred) and isinstance(first.value, ast.Tuple):
                    first = first.value.elts[0]
                if isinstance(first, ast.Constant) and isinstance(first.value, int):
                    yield first.value
            if isinstance(node, ast.Constant) and isinstance(node.value, bytes):
                yield from (int(number) for number in re.findall(rb"\A(\d+)\0", node.value))


def test_every_message_id_that_can_be_sent_is_in_the_catalogue():
    built = {int(payload.split(b"\0")[0]) for version in VERSIONS for _, payload in catalogue(version)}
    written = set(_written())
    assert written - built == set()
    assert built - set(OUTGOING) == set()
    assert len(written) > 40

"""The interlocks: nothing that may be real money gets past them, and what disagrees is named."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from config import arming
from config.errors import InterlockError
from config.interlocks import check_armable, check_interlocks
from config.settings import GatewaySettings, LossSettings, Mode, RiskSettings, Settings

WHEN = datetime(2026, 11, 20, 12, tzinfo=UTC)
SWITCHES = ("NIGHTDESK_FAILPOINTS", "NIGHTDESK_CLOCK")


def settings(mode: Mode = "paper", port: int | None = 4002, *accounts: str, **risk: object) -> Settings:
    real = "U1234567" if mode == "live" else "DU1234567"
    return Settings(
        mode=mode,
        accounts=accounts or (real,),
        gateway=GatewaySettings(port=port),
        risk=RiskSettings(**risk),  # type: ignore[arg-type]
    )


def live(port: int | None = 4001, *accounts: str, **risk: object) -> Settings:
    return settings("live", port, *accounts, **risk)


def refusal(wanted: Settings, file: Path, environment: dict[str, str] | None = None) -> str:
    with pytest.raises(InterlockError) as refused:
        check_interlocks(wanted, environment or {}, file)
    return str(refused.value)


@pytest.fixture
def armed(tmp_path: Path) -> Path:
    file = arming.path(tmp_path)
    arming.write(file, live(), "joe", WHEN)
    return file


@pytest.mark.parametrize("port", [4002, 7497, 5000])
def test_paper_trading_passes_on_any_port_that_is_not_a_live_one(port: int, tmp_path: Path) -> None:
    check_interlocks(settings("paper", port), {}, tmp_path / "none")


@pytest.mark.parametrize(
    ("refused", "words"),
    [
        (settings("paper", 4001), "live port of IB Gateway"),
        (settings("paper", 7496), "live port of TWS"),
        (settings("paper", 4002, "U1234567"), "account U1234567 may be real money"),
        (settings("paper", 4002, "DU1234567", "F1234567"), "account F1234567 may be real money"),
    ],
)
def test_paper_trading_never_reaches_what_may_be_real_money(refused: Settings, words: str, armed: Path) -> None:
    assert words in refusal(refused, armed)


def test_the_simulator_needs_no_interlock(tmp_path: Path) -> None:
    check_interlocks(Settings(), dict.fromkeys(SWITCHES, "set"), tmp_path / "none")


@pytest.mark.parametrize("wanted", [settings("paper"), live()])
@pytest.mark.parametrize("switch", SWITCHES)
def test_a_service_that_breaks_on_purpose_never_trades_at_a_broker(switch: str, wanted: Settings, armed: Path) -> None:
    check_interlocks(wanted, {}, armed)
    assert f"mode {wanted.mode} is refused: {switch} is set" in refusal(wanted, armed, {switch: "x"})


def test_live_trading_passes_with_exactly_what_was_acknowledged(armed: Path) -> None:
    check_interlocks(live(), {}, armed)


@pytest.mark.parametrize("port", [5000, 7496])
def test_live_trading_on_another_port_passes_when_that_port_was_acknowledged(port: int, tmp_path: Path) -> None:
    file = arming.path(tmp_path)
    arming.write(file, live(port), "joe", WHEN)
    check_interlocks(live(port), {}, file)


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        (live(7496), "gateway.port is 7496, acknowledged was 4001"),
        (live(4002), "gateway.port is 4002, the paper port of IB Gateway"),
        (live(7497), "gateway.port is 7497, the paper port of TWS"),
        (live(None), "gateway.port is not set: 4001 is a live IB Gateway"),
        (live(4001, "U7654321"), "accounts is U7654321, acknowledged was U1234567"),
        (live(4001, "U1234567", "U2"), "accounts is U1234567, U2, acknowledged was U1234567"),
        (live(4001, "DU1234567"), "account DU1234567 is a paper account"),
        (live().model_copy(update={"accounts": ()}), "accounts is empty"),
        (
            live().model_copy(update={"gateway": GatewaySettings(host="elsewhere", port=4001)}),
            "gateway.host is elsewhere, acknowledged was 127.0.0.1",
        ),
        (live(max_order_value=Decimal(25001)), "risk.max_order_value is 25001, acknowledged was 25000"),
        (live(price_collar=None), "risk.price_collar is no limit, acknowledged was 5.0"),
        (live(buying_power=False), "risk.buying_power is False, acknowledged was True"),
        (live(daily_loss=LossSettings(halt_at=None)), "risk.daily_loss.halt_at is no limit, acknowledged was 2000"),
    ],
)
def test_each_fact_that_is_not_what_was_acknowledged_is_named(wanted: Settings, words: str, armed: Path) -> None:
    said = refusal(wanted, armed)
    assert said.startswith("mode live is refused:")
    assert words in said


@pytest.mark.parametrize(
    "tighter",
    [
        live(max_order_value=Decimal("24999.99")),
        live(restricted=("GME",)),
        live(daily_loss=LossSettings(reduce_at=Decimal(10))),
        live(allowed=("AAPL",), duplicate_window=2.0),
    ],
)
def test_limits_that_are_tighter_than_what_was_acknowledged_need_no_new_acknowledgement(
    tighter: Settings, armed: Path
) -> None:
    check_interlocks(tighter, {}, armed)


def test_all_that_disagrees_is_told_at_once(armed: Path) -> None:
    said = refusal(live(4002, "DU1", max_order_quantity=Decimal(2000)), armed, {"NIGHTDESK_CLOCK": "clock"})
    assert [line.split(" is ")[0].strip() for line in said.splitlines()] == [
        "mode live",
        "NIGHTDESK_CLOCK",
        "account DU1",
        "gateway.port",
        "accounts",
        "gateway.port",
        "risk.max_order_quantity",
    ]


def test_live_trading_that_nobody_acknowledged_is_refused_with_the_command_that_would(tmp_path: Path) -> None:
    assert "nobody has acknowledged it: run `nightdesk arm`" in refusal(live(), arming.path(tmp_path))


def _open_to_others(file: Path) -> None:
    file.chmod(0o620)


def _elsewhere(file: Path) -> None:
    file.rename(file.with_name("copy"))
    file.symlink_to(file.with_name("copy"))


def _anothers(file: Path) -> None:
    os.chown(file, os.geteuid() + 1, -1)


def _pipe(file: Path) -> None:
    file.unlink()
    os.mkfifo(file, 0o600)


def _directory(file: Path) -> None:
    file.unlink()
    file.mkdir(0o700)


def _cut(file: Path) -> None:
    file.write_text(file.read_text()[:-20])


def _without_a_limit(file: Path) -> None:
    agreed = json.loads(file.read_text())
    del agreed["risk"]["daily_loss"]["halt_at"]
    file.write_text(json.dumps(agreed))


def _binary(file: Path) -> None:
    file.write_bytes(b"\xff\xfe\x00")


@pytest.mark.parametrize(
    ("spoilt", "words"),
    [
        (_open_to_others, "others than this user could have written"),
        pytest.param(
            _anothers, "others than this user", marks=pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
        ),
        (_pipe, "others than this user could have written"),
        (_directory, "others than this user could have written"),
        (_elsewhere, "cannot be read"),
        (_cut, "is damaged, or of another release"),
        (_without_a_limit, "says nothing of risk.daily_loss.halt_at; run"),
        (_binary, "is damaged, or of another release"),
        (lambda file: file.write_text(file.read_text().replace('"host"', '"hots"')), "is damaged"),
        (lambda file: file.write_text(""), "is damaged"),
    ],
)
def test_an_acknowledgement_that_cannot_be_relied_on_acknowledges_nothing(
    spoilt: Callable[[Path], object], words: str, armed: Path
) -> None:
    spoilt(armed)
    assert words in refusal(live(), armed)


def test_an_acknowledgement_is_for_this_user_alone_and_a_new_one_takes_the_place_of_the_old(armed: Path) -> None:
    arming.write(armed, live(7496), "ann", WHEN)
    assert armed.stat().st_mode & 0o777 == 0o600
    agreed = arming.read(armed)
    assert (agreed.port, agreed.by, agreed.at) == (7496, "ann", WHEN)
    assert [path.name for path in armed.parent.iterdir()] == [arming.FILE_NAME]


def test_only_a_live_configuration_without_other_faults_can_be_armed() -> None:
    check_armable(live(), {})
    for wanted, words in (
        (settings("paper"), "mode is paper, and only mode live needs an acknowledgement"),
        (Settings(), "mode is simulated"),
        (live(4002), "the paper port of IB Gateway"),
        (live(4001, "DU1"), "account DU1 is a paper account"),
    ):
        with pytest.raises(InterlockError, match=words):
            check_armable(wanted, {})
    with pytest.raises(InterlockError, match="NIGHTDESK_CLOCK is set"):
        check_armable(live(), {"NIGHTDESK_CLOCK": "clock"})

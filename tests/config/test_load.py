"""Which layer wins, and that every error names key, value, source and fix."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from config.errors import Problem, SettingsError
from config.load import load
from config.settings import Settings


def written(directory: Path, text: str) -> Path:
    file = directory / "my.yaml"
    file.write_text(text)
    return file


def problem_of(directory: Path, text: str = "", **layers: object) -> Problem:
    with pytest.raises(SettingsError) as refusal:
        load(written(directory, text), **layers)  # type: ignore[arg-type]
    (problem,) = refusal.value.problems
    return problem


def test_default_yaml_says_what_the_models_say_and_adds_the_sample() -> None:
    settings = load().settings
    assert settings == Settings(strategies=settings.strategies)
    assert [strategy.params["symbols"] for strategy in settings.strategies] == [["AAPL", "MSFT"]]


@pytest.mark.parametrize(
    ("layers", "value", "source"),
    [
        (0, 25000, "default.yaml:"),
        (1, 1, "my.yaml:1"),
        (2, 2, ".env NIGHTDESK__RISK__MAX_ORDER_VALUE"),
        (3, 3, "environment NIGHTDESK__RISK__MAX_ORDER_VALUE"),
        (4, Decimal("4.5"), "--set risk.max_order_value"),
    ],
)
def test_each_layer_wins_over_those_before_it_and_is_named_as_source(
    tmp_path: Path, layers: int, value: object, source: str
) -> None:
    dotenv = tmp_path / ".env"
    dotenv.write_text("NIGHTDESK__RISK__MAX_ORDER_VALUE=2\nOTHER=x\n")
    loaded = load(
        written(tmp_path, "risk: {max_order_value: 1}") if layers >= 1 else None,
        dotenv=dotenv if layers >= 2 else None,
        environment={"NIGHTDESK__RISK__MAX_ORDER_VALUE": "3", "HOME": "x"} if layers >= 3 else {},
        assignments=["risk.max_order_value=4.5"] if layers >= 4 else (),
    )
    assert loaded.settings.risk.max_order_value == value
    assert next(row[2] for row in loaded.rows() if row[0] == "risk.max_order_value").startswith(source)
    assert loaded.settings.risk.max_order_quantity == 1000  # a layer that names one key leaves its neighbours


@pytest.mark.parametrize(
    ("text", "key", "value", "fix"),
    [
        ("gateway: {prot: 4002}", "gateway.prot", 4002, "`port`"),
        ("gatway: {port: 4002}", "gatway", {"port": 4002}, "`gateway`"),
        ("strategies: [{name: a, parms: {}}]", "strategies.0.parms", {}, "`params`"),
        ("gateway: {port: '4002'}", "gateway.port", "4002", "without quotes"),
        ("market_data: {max_lines: 1.5}", "market_data.max_lines", 1.5, "number"),
        ("gateway: {wire_log: 1}", "gateway.wire_log", 1, "true or false"),
        ("gateway: {host: 1}", "gateway.host", 1, "quotes"),
        ("risk: {max_order_value: true}", "risk.max_order_value", True, "number"),
        ("risk: 7", "risk", 7, "below it"),
        ("mode: real", "mode", "real", "choose"),
        ("risk: {max_order_quantity: -1}", "risk.max_order_quantity", -1, "schema"),
        ("strategies: [{params: {}}]", "strategies.0.name", None, "add it"),
        ("strategies: [{name: order}]", "strategies", "order", "another name"),
        ("strategies: [{name: a}, {name: a}]", "strategies", "a", "of its own"),
    ],
)
def test_a_wrong_value_is_named_with_key_value_source_and_fix(
    tmp_path: Path, text: str, key: str, value: object, fix: str
) -> None:
    problem = problem_of(tmp_path, text)
    assert (problem.key, problem.value, problem.source) == (key, value, "my.yaml:1")
    assert fix in problem.fix


def test_a_misspelt_name_in_the_environment_is_an_error_and_not_ignored(tmp_path: Path) -> None:
    problem = problem_of(tmp_path, environment={"NIGHTDESK__MODEE": "live"})
    assert (problem.key, problem.source, problem.fix) == (
        "modee",
        "environment NIGHTDESK__MODEE",
        "did you mean `mode`?",
    )


@pytest.mark.parametrize("assignment", ["risk.max_order_valu=3", "risk.max_order_value", "risk..x=3", "gateway=3"])
def test_a_wrong_assignment_is_an_error_that_names_set(tmp_path: Path, assignment: str) -> None:
    assert problem_of(tmp_path, assignments=[assignment]).source.startswith("--set")


def test_a_missing_file_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"--config = '.*none.yaml'.*No such file"):
        load(tmp_path / "none.yaml")


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as refusal:
        load(written(tmp_path, "mode: real\ngateway: {port: 0}\nx: 1"))
    assert {problem.key for problem in refusal.value.problems} == {"mode", "gateway.port", "x"}


def test_secrets_appear_neither_in_show_nor_in_an_error(tmp_path: Path) -> None:
    secret = "https://public:hunter2@sentry.invalid/1"
    loaded = load(written(tmp_path, f"sentry: {{dsn: '{secret}'}}"))
    assert loaded.settings.sentry.dsn.get_secret_value() == secret
    assert ("sentry.dsn", "(redacted)", "my.yaml:1") in loaded.rows()
    assert "hunter2" not in repr(loaded.rows()) + repr(loaded.settings)
    assert "314159" not in str(problem_of(tmp_path, "sentry: {dsn: 314159}"))


def test_paper_mode_needs_an_account_and_a_port(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as refusal:
        load(written(tmp_path, "mode: paper"))
    assert [problem.key for problem in refusal.value.problems] == ["accounts", "gateway.port"]


def test_simulated_mode_uses_its_own_gateway_and_account_whatever_the_file_says_for_paper(tmp_path: Path) -> None:
    file = written(tmp_path, "mode: paper\naccounts: [DU1234567]\ngateway: {host: broker, port: 4002}")
    settings = load(file, assignments=["mode=simulated"]).settings
    assert settings.trading_accounts == ("DU1000001",)
    assert (settings.trading_gateway.host, settings.trading_gateway.port) == ("127.0.0.1", None)
    assert settings.directory_name == "simulated-DU1000001"
    assert load(file).settings.directory_name == "paper-DU1234567"


def test_a_list_that_is_written_as_one_word_is_refused_with_the_way_to_write_it() -> None:
    with pytest.raises(SettingsError, match=r"accounts = 'U1234567' .* must be a list. Fix: write it in brackets"):
        load(assignments=("mode=live", "accounts=U1234567"))

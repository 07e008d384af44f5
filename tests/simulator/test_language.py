"""The fault language: text becomes statements, and what is wrong in it is named by place, reason and remedy."""

from __future__ import annotations

import contextlib
from dataclasses import FrozenInstanceError
from datetime import datetime, time
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.faults.arguments import OrderName
from simulator.faults.language import (
    After,
    At,
    AtTime,
    Every,
    ScriptError,
    parse_line,
    parse_script,
    read_script,
)
from simulator.faults.statements import STATEMENTS

NEW_YORK = ZoneInfo("US/Eastern")


def values(line: str) -> dict[str, object]:
    """The arguments of a statement that were given."""
    return {name: value for name, value in parse_line(line).arguments if value is not None}


@pytest.mark.parametrize("form", STATEMENTS, ids=lambda form: form.name)
def test_the_example_of_every_statement_is_that_statement(form):
    assert parse_line(form.example).name == form.name


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("drop tickPrice", {"message": "tickPrice"}),
        ("drop all for 500ms chance 30% client 0", {"message": "all", "seconds": 0.5, "chance": 0.3, "client": 0}),
        ("delay placeOrder by 1.5s times 2 skip 1", {"message": "placeOrder", "by": 1.5, "times": 2, "skip": 1}),
        ("cut after 0 bytes", {"after_bytes": 0}),
        ("fill 4711", {"order": OrderName(perm_id=4711)}),
        ("fill 1/-5 10 at 0.01", {"order": OrderName(None, 1, -5), "quantity": Decimal(10), "price": Decimal("0.01")}),
        ('fill "my \\"own\\" order" at 3', {"order": OrderName(ref='my "own" order'), "price": Decimal(3)}),
        ("fill last", {"order": OrderName()}),
        ("gap EUR.USD -3.5%", {"symbol": "EUR.USD", "percent": Decimal("-3.5")}),
        ('code 2103 "a # b" client 3  # and a comment', {"code": 2103, "text": "a # b", "client": 3}),
        ("deaf off", {"on": False}),
        ("clock rate 0", {"rate": 0.0}),
        ("clock set 2026-11-19 23:30", {"moment": datetime(2026, 11, 19, 23, 30, tzinfo=NEW_YORK).timestamp()}),
        ("clock set 2026-11-19 23:30:05 UTC", {"moment": 1795131005.0}),
    ],
)
def test_arguments_are_read_exactly_and_options_in_any_order(line, expected):
    assert values(line) == expected


@pytest.mark.parametrize(
    ("prefix", "when"),
    [
        ("after 20s", After(20.0)),
        ("at 23:45", AtTime(time(23, 45), NEW_YORK)),
        ("at 23:45:30 Europe/Zurich", AtTime(time(23, 45, 30), ZoneInfo("Europe/Zurich"))),
        ("at 2026-11-19 23:45 UTC", At(1795131900.0)),
        ("every day at 23:45", Every(frozenset(range(7)), time(23, 45), NEW_YORK)),
        ("every weekday at 09:30", Every(frozenset(range(5)), time(9, 30), NEW_YORK)),
        ("every sunday at 01:00 UTC", Every(frozenset({6}), time(1), ZoneInfo("UTC"))),
    ],
)
def test_a_prefix_says_when(prefix, when):
    statement = parse_line(f"{prefix} restart for 60s")
    assert (statement.when, statement.name, statement.arguments) == (when, "restart", (("seconds", 60.0),))


@pytest.mark.parametrize(
    ("line", "reason", "expected"),
    [
        ("drpo tickPrice", "there is no statement `drpo`", "did you mean `drop`?"),
        ("every day at 23:45 at 22:00 up", "`at` cannot stand behind another prefix", "one of drop"),
        ("drop tickPrise", "there is no message `tickPrise`", "did you mean `tickPrice`?"),
        ("drop tickPrice clinet 3", "`clinet` is not understood", "did you mean `client`?"),
        ("drop", "the statement ends too early", "a message such as tickPrice"),
        ("delay tickPrice 2s", "`2s` is not understood", "`by`"),
        ("down for 20", "`20` is no duration", "20s, 500ms"),
        ("drop all times 0", "`0` does not fit", "how many messages"),
        ("drop all client 1 client 2", "`client` is not understood", "`skip`"),
        ("up now", "`now` is too much", "usage: up"),
        ("clock", "the statement ends too early", "`clock set MOMENT`"),
        ("clock set 2026-02-30 12:00", "day is out of range", "2026-11-19"),
        ("at 25:00 up", "hour must be in 0..23", "23:45"),
        ("at 23:45 US/Estern up", "there is no time zone `US/Estern`", "did you mean `US/Eastern`?"),
        ("every sunnday at 12:00 up", "`sunnday` is no day", "did you mean `sunday`?"),
        ("every day restart for 1s", "`restart` is not understood", "`at` and a time of day"),
        ("at 12:00 status", "`status` is a question", "a statement"),
        ("after 5s", "the statement ends too early", "a statement"),
        ("deaf maybe", "`maybe` is none of the choices", "on or off"),
        ('drop "all"', 'there is no message "all"', "`all`"),
        ('bulletin "unfinished', "is not a word", "quotes"),
        ("bulletin words", "`words` is no text in quotes", "quotes"),
        ("price AAPL NaN", "`NaN` does not fit", "above 0"),
        ("price AAPL 1e999999999", "`1e999999999` does not fit", "above 0"),
        ("price AAPL -1", "`-1` does not fit", "above 0"),
        ("fill nothing", "`nothing` names no order", "permId"),
        ("next id 99999999999", "`99999999999` does not fit", "order id"),
        ("# nothing", "there is no statement", "one of drop"),
        ("up" + " " * 3000 + "x", "the line has 3003 characters", "at most 2000"),
    ],
)
def test_an_error_says_what_is_wrong_and_what_was_expected(line, reason, expected):
    with pytest.raises(ScriptError) as error:
        parse_line(line)
    assert reason in error.value.reason
    assert expected in error.value.expected
    assert reason in str(error.value)
    assert "\n" not in str(error.value)


def test_a_script_is_read_whole_and_its_first_wrong_line_named(tmp_path):
    good = "# a night\n\nfreeze on\r\n  at 23:45 restart for 60s # nightly\nprice AAPL 150"
    statements = parse_script(good, "night.script")
    assert [(one.line, one.name) for one in statements] == [(3, "freeze"), (4, "restart"), (5, "price")]
    with pytest.raises(FrozenInstanceError):
        statements[0].name = "thaw"  # type: ignore[misc]
    script = tmp_path / "night.script"
    script.write_text("freeze on\nup\nprise AAPL 150\nnonsense\n")
    with pytest.raises(ScriptError) as error:
        read_script(script)
    assert str(error.value) == (
        f"{script}:3: there is no statement `prise`; did you mean `price`? (in: prise AAPL 150)"
    )
    with pytest.raises(ScriptError, match=r"night.script:1: a script asks no questions"):
        parse_script("status", "night.script")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (None, "1: the script cannot be read: No such file"),
        (b"up\nup\n\xff\xfe\n", "3: the line is not UTF-8 text"),
        (b"\0\0\0", "1: there is no statement"),
        (b"up\n" * 400_000, "1: the script has 1200000 bytes"),
    ],
)
def test_a_file_that_is_no_script_is_refused_with_the_reason(tmp_path, data, reason):
    script = tmp_path / "some.script"
    if data is not None:
        script.write_bytes(data)
    with pytest.raises(ScriptError) as error:
        read_script(script)
    assert f"some.script:{reason}" in str(error.value)


@given(
    st.lists(
        st.one_of(
            st.sampled_from([word for form in STATEMENTS for word in form.example.split()]),
            st.text(max_size=8),
        ),
        max_size=8,
    )
)
def test_any_line_is_a_statement_or_a_script_error(words):
    line = " ".join(words).replace("\n", " ")
    with contextlib.suppress(ScriptError):
        assert parse_line(line) == parse_line(line)

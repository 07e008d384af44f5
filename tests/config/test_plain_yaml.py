"""YAML's surprises, each of which would have become a wrong setting without a word."""

from __future__ import annotations

import pytest

from config.errors import SettingsError
from config.layers import leaves, plain
from config.plain_yaml import read_text, read_value


@pytest.mark.parametrize("word", ["ON", "NO", "TRUE", "yes", "off", "null", "~", "0700", "1_000", "0x1F", "2026-11-20"])
def test_a_word_with_a_hidden_meaning_in_yaml_stays_the_text_it_is(word: str) -> None:
    assert plain(read_text(f"symbols: [{word}]", "f"))["symbols"] == [word]


@pytest.mark.parametrize(
    ("text", "value"),
    [("true", True), ("false", False), ("17", 17), ("-3", -3), ("0.5", 0.5), ("1e3", 1000.0), ('"17"', "17"), ("", "")],
)
def test_only_numbers_and_true_and_false_have_a_meaning(text: str, value: object) -> None:
    read = read_value(text, "key", "--set key")
    assert (type(read), read) == (type(value), value)


@pytest.mark.parametrize("time", ["23:45", "1:30:00"])
def test_an_unquoted_time_is_refused_with_the_quoted_one_as_fix(time: str) -> None:
    with pytest.raises(SettingsError) as refusal:
        read_text(f"gateway:\n  restart_at: {time}", "my.yaml")
    (problem,) = refusal.value.problems
    assert (problem.key, problem.value, problem.source) == ("gateway.restart_at", time, "my.yaml:2")
    assert f'"{time}"' in problem.fix
    assert plain(read_text(f'restart_at: "{time}"', "f")) == {"restart_at": time}


def test_every_value_remembers_its_line() -> None:
    tree = read_text("mode: paper\ngateway:\n  host: h\n  pacing:\n    burst: 3\n", "my.yaml")
    assert {key: leaf.source for key, leaf in leaves(tree)} == {
        "mode": "my.yaml:1",
        "gateway.host": "my.yaml:3",
        "gateway.pacing.burst": "my.yaml:5",
    }


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("risk:\n  max_order_value: 1\n  max_order_value: 2", "twice"),
        ("strategies: [{name: a, name: b}]", "twice"),
        ("gateway:", "no value"),
        ("a: &x [*x]", "aliases"),
        ("port: !!int 4002", "tags"),
        ("[1, 2]", "sections"),
        ("a: [}", "not valid YAML"),
    ],
)
def test_what_cannot_be_meant_is_refused_in_words(text: str, complaint: str) -> None:
    with pytest.raises(SettingsError, match=complaint):
        read_text(text, "f")

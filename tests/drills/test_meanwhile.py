"""Who works beside a drill: to its end, and never fails unheard."""

from __future__ import annotations

import threading

import pytest

from drills.meanwhile import meanwhile


def test_all_work_until_the_body_ends() -> None:
    begun = threading.Barrier(3, timeout=10.0)
    ended: list[int] = []

    def act(over: threading.Event) -> None:
        begun.wait()
        assert over.wait(10.0)
        ended.append(1)

    with meanwhile(act, act):
        begun.wait()
        assert not ended
    assert len(ended) == 2


def test_who_fails_breaks_the_drill_and_what_the_body_raises_comes_first() -> None:
    def fails(_: threading.Event) -> None:
        raise ValueError("an observer that saw nothing")

    with pytest.raises(ValueError, match="saw nothing"), meanwhile(fails):
        pass
    with pytest.raises(KeyError), meanwhile(fails):
        raise KeyError

"""Handlers, starts and processes that stand still, and a supervisor that does: who is killed and what is told."""

from __future__ import annotations

import os
import resource
import signal
import time
from pathlib import Path

import orjson
import psutil
import pytest

from supervision.errors import ActorDied, ActorUnavailable, AskTimeout
from supervision.ref import Ref
from supervision.stacks import shorten
from supervision.wire import Codec
from tests.supervision.toy_run import Service, eventually, toy
from tests.supervision.toys import TOYS, Fail, WhoAreYou


@pytest.mark.parametrize(("how", "at"), [("hang", "fail supervision/toys.py"), ("spin", "match re/__init__.py")])
def test_a_hung_child_leaves_its_stacks_as_one_record_of_the_log_and_in_its_death_record(
    service: Service, how: str, at: str
) -> None:
    assert service.start(toy("mike", hang_limit=0.5), toy("alpha"), intensity=9) == "ready"
    bystander, pid = service.who("alpha").pid, service.who("mike").pid
    with pytest.raises(ActorDied):
        service.ref("mike").ask(Fail(how), timeout=4.0)
    assert service.who("mike").incarnation == 2
    assert service.who("alpha").pid == bystander
    (death,) = service.tree().deaths
    assert (death.name, death.incarnation, death.pid, death.in_hand) == ("mike", 1, pid, "Fail")
    assert (death.reason, death.exit_code, death.handled) == ("hung: killed by the supervisor", -signal.SIGABRT, 1)
    assert at in death.stacks
    assert "fail supervision/toys.py" in death.stacks.partition("\n")[0], "the actor's own thread comes first"
    records = [orjson.loads(line) for line in service.log().splitlines()]  # not one line that is no record
    (told,) = [record for record in records if "stacks of" in record["message"]]
    assert told["message"] == f"stacks of mike (incarnation 1), in hand: Fail\n{death.stacks}"
    assert told["process"] == "supervisor"


def test_a_stopped_child_is_killed_and_asks_to_it_end_at_their_deadlines(service: Service) -> None:
    assert service.start(toy("alpha", hang_limit=1.5)) == "ready"
    stopped = service.who("alpha")
    os.kill(stopped.pid, signal.SIGSTOP)
    eventually(lambda: _stands_still(stopped.pid) or None)  # a busy machine takes its time with each thread
    began = time.monotonic()
    with pytest.raises(AskTimeout):
        service.ref("alpha").ask(WhoAreYou(), timeout=0.2)
    with pytest.raises(ActorUnavailable):  # over a new connection: not even the hello is answered
        Ref(service.run_dir, "alpha", Codec(TOYS)).ask(WhoAreYou(), timeout=0.2)
    assert time.monotonic() - began < 1.0
    eventually(lambda: True if not psutil.pid_exists(stopped.pid) else None)
    assert service.who("alpha").incarnation == 2
    (death,) = service.tree().deaths
    assert (death.reason, death.exit_code, death.stacks) == ("hung: killed by the supervisor", -signal.SIGKILL, "")


def test_a_start_that_does_not_end_is_a_hang(service: Service) -> None:
    assert service.start(toy("mike"), toy("alpha", slow_to_start=60.0, hang_limit=0.5)) == ""
    assert service.ends() == 70
    assert "alpha (incarnation 1) hangs, in hand: on_start" in service.log()


def test_who_could_not_be_heard_while_the_supervisor_itself_was_stopped_gets_his_whole_time_again(
    service: Service,
) -> None:
    assert service.start(toy("mike", hang_limit=2.5), toy("alpha", hang_limit=2.5)) == "ready"
    assert service.process is not None
    before = [service.who("mike"), service.who("alpha")]
    os.kill(before[0].pid, signal.SIGSTOP)
    time.sleep(1.1)  # a ping is on its way by now, and not yet overdue
    service.signal(signal.SIGSTOP)
    time.sleep(2.5)  # now it is
    service.signal(signal.SIGCONT)
    eventually(lambda: True if "the supervisor itself was late" in service.log() else None)
    time.sleep(0.8)  # some passes, in which nobody may be judged by what was not heard
    os.kill(before[0].pid, signal.SIGCONT)
    time.sleep(0.9)
    assert service.tree().deaths == ()
    assert [service.who("mike").pid, service.who("alpha").pid] == [toy.pid for toy in before]


def test_each_incarnation_has_one_death_record_also_one_that_could_not_be_born(service: Service) -> None:
    assert service.start(toy("mike"), toy("alpha"), intensity=9) == "ready"
    mike, before = service.who("mike"), service.tree()
    limits = resource.prlimit(before.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(before.pid, resource.RLIMIT_NOFILE, (3, limits[1]))  # no descriptor more
    os.kill(mike.pid, signal.SIGKILL)
    eventually(lambda: True if "not born" in service.log() else None)
    resource.prlimit(before.pid, resource.RLIMIT_NOFILE, limits)
    now = service.who("mike")
    killed, *unborn = service.tree().deaths
    assert (killed.incarnation, killed.pid, killed.exit_code, killed.handled) == (1, mike.pid, -signal.SIGKILL, 1)
    assert {death.reason.partition(":")[0] for death in unborn} == {"not born"}
    assert {(death.pid, death.exit_code, death.handled) for death in unborn} == {(None, None, 0)}
    assert [death.incarnation for death in unborn] == [*range(2, now.incarnation)]


def test_stacks_are_a_line_a_thread_with_the_innermost_calls_first() -> None:
    helper = "\n".join(f'  File "/lib/python/threading.py", line {n} in step{n}' for n in range(14))
    dump = f"""Fatal Python error: Aborted

Thread 0x00007f01 [helper] (most recent call first):
{helper}

Current thread 0x00007f02 (most recent call first):
  File "/srv/nightdesk/actors/order.py", line 12 in _place
  File "/srv/nightdesk/supervision/actor.py", line 250 in _run

Extension modules: msgspec._core (total: 1)
"""
    first, second = shorten(dump).splitlines()
    assert first == "thread 0x00007f02: _place actors/order.py:12 < _run supervision/actor.py:250"
    assert second.startswith("thread 0x00007f01: step0 python/threading.py:0 < step1 ")
    assert second.endswith("step11 python/threading.py:11 < 2 more")
    assert shorten("") == ""
    assert len(shorten(dump * 200)) < 2600


def _stands_still(pid: int) -> bool:
    """Whether every thread of a process has stopped."""
    states = [task.read_text().rpartition(")")[2].split()[0] for task in Path(f"/proc/{pid}/task").glob("*/stat")]
    return bool(states) and set(states) == {"T"}

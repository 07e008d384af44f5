"""Clients come, ask and go while faults come and go: nobody is taken for another, and afterwards all is well."""

from __future__ import annotations

import struct

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from simulator.faults.rules import Rule
from simulator.session import Session
from tests.simulator.rig import World, stock

IDS = st.integers(1, 3)
ANYBODY = st.none() | IDS
REQUESTS = [
    ["49", "1"],
    ["8", "1", "1"],
    ["5", "1"],
    ["61", "1"],
    ["1", "11", "7", "265598", "", "", "", "", "", "", "SMART", "", "USD", "", "", "0", "", "0", "0", ""],
]


def framed(*fields: str) -> bytes:
    """One message of a client."""
    payload = "".join(f"{field}\0" for field in fields).encode()
    return struct.pack(">I", len(payload)) + payload


class Lives(RuleBasedStateMachine):
    """A gateway under random faults."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World()
        self.gateway = self.world.gateway
        self.connected: list[Session] = []

    @rule()
    def come(self) -> None:
        if self.gateway.network.listening:
            self.connected.append(self.gateway.connect())

    @rule(
        which=st.integers(0, 5), said=st.sampled_from([b"API\0", b"API\0\0\0\0\x09v100..178", b"\0\0\0\x09v100..178"])
    )
    def greet(self, which: int, said: bytes) -> None:
        self.say(which, said)

    @rule(client_id=IDS)
    def arrive(self, client_id: int) -> None:
        self.come()
        self.start(len(self.connected) - 1, client_id)

    @rule(which=st.integers(0, 5), client_id=IDS)
    def start(self, which: int, client_id: int) -> None:
        self.say(which, b"API\0\0\0\0\x09v100..178")
        self.say(which, framed("71", "2", str(client_id), ""))

    @rule(which=st.integers(0, 5), request=st.sampled_from(REQUESTS))
    def ask(self, which: int, request: list[str]) -> None:
        self.say(which, framed(*request))

    @rule(which=st.integers(0, 5))
    def go(self, which: int) -> None:
        if which < len(self.connected):
            self.gateway.disconnect(self.connected.pop(which))

    @rule(client=ANYBODY, after=st.sampled_from([0, 1, 50]))
    def cut(self, client: int | None, after: int) -> None:
        self.gateway.network.cut(client, after)

    @rule(client=ANYBODY)
    def end(self, client: int | None) -> None:
        self.gateway.network.end(client)

    @rule(client=IDS, on=st.booleans())
    def hold(self, client: int, on: bool) -> None:
        self.gateway.hold_client_id(client, on)

    @rule(client=ANYBODY, value=st.integers(1, 9))
    def next_id(self, client: int | None, value: int) -> None:
        self.gateway.set_next_id(client, value)

    @rule(on=st.booleans())
    def login(self, on: bool) -> None:
        self.gateway.login_required(on)

    @rule(deaf=st.booleans(), read_only=st.booleans(), pacing=st.booleans())
    def switch(self, deaf: bool, read_only: bool, pacing: bool) -> None:
        self.gateway.deaf, self.gateway.read_only, self.gateway.pacing.on = deaf, read_only, pacing

    @rule(seconds=st.sampled_from([0.5, 30.0]))
    def restart(self, seconds: float) -> None:
        self.gateway.restart(seconds)

    @rule(client=ANYBODY, code=st.sampled_from([1100, 1101, 1102, 2103, 2110]))
    def notice(self, client: int | None, code: int) -> None:
        self.gateway.notice(code, None, client)

    @rule(
        effect=st.sampled_from(["drop", "delay", "duplicate", "reorder", "corrupt"]),
        message=st.sampled_from(["all", "requests", "startApi", "nextValidId"]),
        times=st.integers(1, 3),
    )
    def tamper(self, effect: str, message: str, times: int) -> None:
        by = 1.0 if effect == "delay" else 0.0
        self.gateway.rules.add(Rule(effect, message, times=times, by=by), self.world.now)

    @rule(seconds=st.sampled_from([0.25, 2.0, 20.0]))
    def wait(self, seconds: float) -> None:
        self.world.step(seconds)
        assert not [one for one in self.gateway.sessions if one.over]

    @invariant()
    def every_started_session_has_its_id_alone(self) -> None:
        started = {one.client_id: one for one in self.gateway.sessions if one.started}
        assert started == self.gateway.clients.by_id
        assert len(started) == sum(one.started for one in self.gateway.sessions)
        assert all(one.client_id is not None for one in started.values())

    def say(self, which: int, data: bytes) -> None:
        if 0 <= which < len(self.connected):
            session = self.connected[which]
            before, over = bytes(session.output), bool(session.over)
            self.gateway.receive(session, data)
            assert not over or session.output == before

    def teardown(self) -> None:
        self.gateway.rules.clear()
        self.gateway.deaf = self.gateway.read_only = self.gateway.pacing.on = False
        self.gateway.login_required(False)
        self.gateway.network.up()
        for client_id in (1, 2, 3):
            self.gateway.hold_client_id(client_id, False)
        self.world.step(30.0)
        client = self.world.client(50)
        client.reqMktData(1, stock(), "", False, False, [])
        client.reqCurrentTime()
        assert {"tickPrice", "currentTime"} <= {name for name, _ in client.callbacks()}
        self.world.close()


TestLives = Lives.TestCase
TestLives.settings = settings(max_examples=40, stateful_step_count=40)

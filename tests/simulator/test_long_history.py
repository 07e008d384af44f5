"""A long answer of the history is made in pieces, so that no client waits for what another one has asked."""

from __future__ import annotations

from tests.simulator.rig import World, stock


def ask(client, request_id):
    client.reqHistoricalData(request_id, stock(), "", "1 D", "1 min", "MIDPOINT", 0, 2, False, [])
    return client.take()


def finish(world, client):
    """What comes until the answer is there, and in how many pieces it was made."""
    for pieces in range(2, 100):
        world.now += 0.001
        world.gateway.run_due()
        if messages := client.take():
            return messages, pieces
    raise AssertionError("no answer")


def test_others_are_served_between_the_pieces_of_a_long_answer():
    world = World()
    patient, other = world.client(1), world.client(2)
    assert ask(patient, 1) == []
    other.reqCurrentTime()
    assert [fields[0] for fields in other.take()] == ["49"]
    ((answer,), pieces) = finish(world, patient)
    assert (answer[:2], answer[4], pieces) == (["17", "1"], "720", 2)
    times = [int(time) for time in answer[5::8]]
    assert times == [*range(times[0], times[0] + 720 * 60, 60)]


def test_an_answer_in_the_making_has_its_id_and_ends_with_its_cancel_or_with_1101():
    world = World()
    client = world.client()
    assert ask(client, 1) == []
    assert [fields[3] for fields in ask(client, 1)] == ["322"]
    client.cancelHistoricalData(1)
    assert [fields[3] for fields in client.take()] == ["162"]
    world.step()
    assert client.take() == []
    assert ask(client, 1) == []
    world.gateway.link(1101)
    world.step()
    assert [fields[3] for fields in client.take()] == ["1101"]
    assert ask(client, 1) == []
    assert finish(world, client)[0][0][:2] == ["17", "1"]

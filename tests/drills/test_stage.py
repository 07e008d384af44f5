"""What a drill does to a service reaches it, whoever dies meanwhile."""

from __future__ import annotations

import json
import random
import socket
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from drills.record import Record
from drills.stage import Stage


def test_a_command_to_a_simulator_that_dies_of_it_is_given_to_the_next_one(tmp_path: Path) -> None:
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        host, port = server.getsockname()
        (tmp_path / "simulator.json").write_text(json.dumps({"host": host, "control_port": port}))

        def serve() -> None:
            for answer in (b"", b'{"ok": true, "port": 7}\n'):
                client, _ = server.accept()
                with client:
                    heard.append(client.recv(4096))
                    client.sendall(answer)

        simulator = threading.Thread(target=serve)
        simulator.start()
        service = SimpleNamespace(pid=1, directory=str(tmp_path))
        desk: Any = SimpleNamespace(service=service, run_dir=tmp_path)
        stage = Stage(desk, tmp_path, Record(), random.Random(1))
        assert stage.market("down for 1s") == {"port": 7}
        simulator.join()
    assert heard == [b"down for 1s\n"] * 2

"""Where the gateway is: as configured, or where the built-in simulator says it listens."""

from __future__ import annotations

from pathlib import Path

import orjson


class EndpointUnknown(Exception):
    """Nobody has said yet where to dial."""


def find_endpoint(host: str, port: int | None, directory: Path) -> tuple[str, int]:
    """Host and port to dial now. Without a port it is read afresh: a restarted simulator may have moved."""
    if port is not None:
        return host, port
    path = directory / "simulator.json"
    try:
        told = orjson.loads(path.read_bytes())
        return str(told["host"]), int(told["port"])
    except FileNotFoundError:
        raise EndpointUnknown(f"the simulator has not said where it listens ({path.name} is not there yet)") from None
    except (OSError, orjson.JSONDecodeError, KeyError, TypeError, ValueError) as error:
        raise EndpointUnknown(f"{path.name} cannot be read: {error!r}") from error

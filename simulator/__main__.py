"""`python -m simulator`: a simulated gateway on its own."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from simulator.server import serve
from simulator.settings import Settings


def main(port: int | None = None, seed: int = 1, speed: float = 1.0, directory: Path | None = None) -> None:
    """Run until SIGINT or SIGTERM; prints the address for clients, then that for control."""
    serve(Settings(seed=seed, speed=speed, port=port), directory, _print)


def _print(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="simulator", description="A simulated IB Gateway.")
    parser.add_argument("--port", type=int, help="TCP port for clients (default: a free one)")
    parser.add_argument("--seed", type=int, default=1, help="chooses the market")
    parser.add_argument("--speed", type=float, default=1.0, help="how fast the market moves")
    parser.add_argument("--directory", type=Path, help="where the ledger is kept (default: in memory)")
    return parser.parse_args()


if __name__ == "__main__":
    main(**vars(_arguments()))

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


def _port(text: str) -> int:
    if not text.isdigit() or not 0 < int(text) < 65536:
        raise argparse.ArgumentTypeError(f"{text} is no TCP port")
    return int(text)


def _speed(text: str) -> float:
    try:
        speed = float(text)
    except ValueError:
        speed = 0.0
    if not 0 < speed <= 100:
        raise argparse.ArgumentTypeError(f"{text} is not a number above 0 and up to 100")
    return speed


def _directory(text: str) -> Path:
    if not Path(text).is_dir():
        raise argparse.ArgumentTypeError(f"{text} is no directory")
    return Path(text)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="simulator", description="A simulated IB Gateway.")
    parser.add_argument("--port", type=_port, help="TCP port for clients (default: a free one)")
    parser.add_argument("--seed", type=int, default=1, help="chooses the market")
    parser.add_argument("--speed", type=_speed, default=1.0, help="how fast the market moves")
    parser.add_argument("--directory", type=_directory, help="where the ledger is kept (default: in memory)")
    return parser.parse_args()


if __name__ == "__main__":
    try:
        main(**vars(_arguments()))
    except OSError as error:
        sys.exit(f"simulator: {error}")

"""`python -m simulator`: the same as `nightdesk simulator`."""

from __future__ import annotations

from cli.simulator import simulator

if __name__ == "__main__":
    simulator(prog_name="simulator")

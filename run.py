"""The front door: `python run.py ...` in a checkout is the command `nightdesk ...`."""

from __future__ import annotations

from cli import main

if __name__ == "__main__":
    main(prog_name="nightdesk")

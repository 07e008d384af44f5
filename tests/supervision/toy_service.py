"""A supervisor of toys: `toy_service.py SPEC_FILE RUN_DIR [PRELOAD...]`; says `ready` when the tree is up."""

from __future__ import annotations

import os
import pickle
import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[2]))
    from supervision.loop import run
    from supervision.reporting import ReportingSettings

    sys.exit(
        run(
            pickle.loads(Path(sys.argv[1]).read_bytes()),
            run_dir=Path(sys.argv[2]),
            messages="tests.supervision.toys:TOYS",
            preload=("supervision.actor", *sys.argv[3:]),
            reporting=ReportingSettings(level="DEBUG"),
            load=lambda: pickle.loads(Path(sys.argv[1]).read_bytes()),
            on_ready=lambda: os.write(1, b"ready\n") and None,
        )
    )

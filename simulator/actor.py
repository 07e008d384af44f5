"""The simulator as a supervised actor: the same server, on the actor's own reactor."""

from __future__ import annotations

import errno
from pathlib import Path

from simulator.faults.language import ScriptError, read_script
from simulator.ledger_schema import BadLedger, LedgerInUse, LedgerUnwritable
from simulator.market.recording import BadRecording
from simulator.server import Simulator
from simulator.settings import SimulatorSettings
from supervision.actor import Actor, Context
from supervision.errors import ConfigurationError, NotYet

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT)


class SimulatorActor(Actor):
    """Hosts a simulator; its address is in `directory/simulator.json` once it listens."""

    def __init__(self, context: Context, *, settings: SimulatorSettings, directory: Path) -> None:
        super().__init__(context)
        self._settings = settings
        self._directory = directory
        self._simulator: Simulator | None = None

    def on_start(self) -> None:
        """Open the ledger, listen, begin the script; a wrong port, script or recording is the configuration's fault."""
        try:
            script = () if self._settings.script is None else read_script(self._settings.script)
            self._simulator = Simulator(self.reactor, self._settings, self._directory, script=script)
        except ScriptError as error:
            raise ConfigurationError(f"simulator.script: {error}") from error
        except (LedgerInUse, LedgerUnwritable):
            raise  # a predecessor may be about to end, room may come: the next start will tell
        except BadLedger as error:
            raise ConfigurationError(f"the simulator's ledger cannot be gone on with: {error}") from error
        except BadRecording as error:
            raise ConfigurationError(f"simulator.replay: {error}") from error
        except OSError as error:
            if error.errno in _NO_ROOM:
                raise NotYet(f"no room in {self._directory}: {error}") from error
            log = self._settings.wire_log
            if log is not None and str(error.filename) == str(log):
                raise ConfigurationError(f"simulator.wire_log: {error}") from error
            if self._settings.port is None:
                raise
            raise ConfigurationError(f"simulator.port: {self._settings.port} cannot be used: {error}") from error
        self.context.log.info("listening on %s:%d", self._simulator.host, self._simulator.port)

    def on_stop(self) -> None:
        """Cut clients and close the ledger."""
        if self._simulator is not None:
            self._simulator.close()

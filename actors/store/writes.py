"""Every write to state.db, and what happens when the disk does not take it.

A full or failing disk is a state, not a death. What only State has seen is kept in memory, in order, and written as
soon as the disk takes it; what can be had again (the order journal's rows, caches, cuts) is left where it is and
fetched when `recovered` says so. Meanwhile `trouble` tells, everywhere State is asked, and probes go on ever slower.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable

import orjson

from actors.disk import probe_pause
from actors.store.audit import AuditTrail
from actors.store.database import Database, DiskTrouble
from supervision import clock
from supervision.reactor import Reactor

Job = Callable[[], None]


class Writes:
    """Runs jobs in transactions. A job only changes the database and the trail: when it fails it is as if never run."""

    def __init__(
        self,
        database: Database,
        trail: AuditTrail,
        reactor: Reactor,
        log: logging.Logger,
        recovered: Callable[[], None],
        troubled: Callable[[str], None],
    ) -> None:
        """`troubled` hears the trouble when it begins, and an empty text when it ends."""
        self.trouble = ""
        """Why nothing can be stored now; empty when all is well."""
        self._database = database
        self._trail = trail
        self._reactor = reactor
        self._log = log
        self._recovered = recovered
        self._troubled = troubled
        self._kept: deque[Job] = deque()
        self._failures = 0

    def attempt(self, job: Job) -> bool:
        """Write it now or not at all; whether it was written."""
        return not self.trouble and self._written(job)

    def keep(self, job: Job) -> None:
        """Write it now, or else when the disk is back, after what was kept before."""
        if not self.attempt(job):
            self._kept.append(job)

    def close(self) -> None:
        """One last attempt at what is kept; what it does not take is lost, and said to be."""
        while self._kept and self._written(self._kept[0]):
            self._kept.popleft()
        if self._kept:
            self._log.error("%d records of State are lost: %s", len(self._kept), self.trouble)

    def _written(self, job: Job) -> bool:
        mark = self._trail.mark
        try:
            with self._database.transaction():
                job()
        except DiskTrouble as error:
            self._trail.rewind(mark)
            self._failed(str(error))
            return False
        return True

    def _failed(self, error: str) -> None:
        began = not self.trouble
        self.trouble = error
        if began:
            self._log.error("nothing can be stored: %s", error)
            self._troubled(error)
        self._failures += 1
        self._reactor.after(probe_pause(self._failures), self._probe)

    def _probe(self) -> None:
        while self._kept:
            if not self._written(self._kept[0]):
                return
            self._kept.popleft()
        if self._written(self._tell_trail):
            self.trouble, self._failures = "", 0
            self._log.warning("storing works again")
            self._troubled("")
            self._recovered()

    def _tell_trail(self) -> None:
        self._trail.append(clock.now(), "disk_back", "", orjson.dumps({"trouble": self.trouble}).decode())

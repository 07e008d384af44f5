"""Reload: read the configuration anew, go over to it, or keep the old one and say what is wrong with the new.

Whatever fails, fails before anything was changed. Children whose specification is the same are not touched.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Final

from supervision import reporting
from supervision.actions import Action
from supervision.errors import Rejected, SpecError
from supervision.lifecycle import Reloaded
from supervision.spec import SUPERVISOR, SupervisorSpec
from supervision.systemd import Manager
from supervision.tree import Tree

Load = Callable[[], SupervisorSpec]
"""Reads and checks the configuration as it is now. Raises Rejected with everything that is wrong with it."""

REFUSED: Final = "reload refused, the old configuration stays"

log = logging.getLogger(SUPERVISOR)


class Reloader:
    """Changes `tree`, which runs `spec`, to what `load` returns; `perform` carries out what follows."""

    def __init__(
        self,
        spec: SupervisorSpec,
        tree: Tree,
        load: Load,
        perform: Callable[[list[Action]], None],
        manager: Manager,
    ) -> None:
        self._spec = spec
        self._tree = tree
        self._load = load
        self._perform = perform
        self._manager = manager

    def reload(self) -> Reloaded:
        """What was changed. Raises Rejected when nothing was, because something is wrong."""
        running = self._tree.phase == "running"
        if running:
            self._manager.reloading()
        try:
            return self._change()
        except Rejected as error:
            for reason in error.reasons:
                log.error("%s: %s", REFUSED, reason)  # noqa: TRY400 - a user's mistake has no stack
            raise
        finally:
            if running:
                self._manager.ready()

    def signalled(self, name: str) -> None:
        """The same for a signal, which nobody waits for an answer to."""
        log.info("%s: reloading the configuration", name)
        try:
            self.reload()
        except Rejected:
            return  # logged, and there is nobody to tell

    def _change(self) -> Reloaded:
        try:
            spec = self._load()
        except SpecError as error:
            raise Rejected(str(error), kind="configuration") from error
        except Rejected:
            raise
        except Exception as error:
            # a fault of ours in reading files must not end what runs well without them
            log.exception("the configuration could not be read")
            reporting.capture(error)
            raise Rejected(f"the configuration could not be read: {error!r}", kind="fault") from error
        try:
            actions = self._tree.change(spec, time.monotonic())
        except SpecError as error:
            raise Rejected(str(error), kind="restart") from error
        reloaded = difference(self._spec, spec)
        self._spec = spec
        log.info(
            "the configuration is reloaded; added: %s; changed: %s; removed: %s",
            *(", ".join(names) or "nothing" for names in (reloaded.added, reloaded.changed, reloaded.removed)),
        )
        self._perform(actions)
        return reloaded


def difference(old: SupervisorSpec, new: SupervisorSpec) -> Reloaded:
    """The children that are new, different, or no more."""
    before, after = ({leaf.name: leaf for leaf in spec.leaves()} for spec in (old, new))
    return Reloaded(
        added=tuple(name for name in after if name not in before),
        changed=tuple(name for name in after if name in before and after[name] != before[name]),
        removed=tuple(name for name in before if name not in after),
    )

"""Who we are at the broker, as far as the session has told."""

from __future__ import annotations


class Identity:
    """Our client id, and the accounts behind the login; `configured` are those that orders may name."""

    def __init__(self, configured: tuple[str, ...]) -> None:
        self.client_id = 0
        self.of_session: tuple[str, ...] = ()
        self._configured = configured

    @property
    def accounts(self) -> tuple[str, ...]:
        """The accounts that orders may name: the configured ones that are behind the login."""
        return tuple(one for one in self.of_session if not self._configured or one in self._configured)

"""A connection to a client, closed when the head of a request does not arrive in time."""

from __future__ import annotations

import asyncio

from uvicorn.protocols.http.h11_impl import H11Protocol

from gradatim.studio.guard import SECONDS


class Connection(H11Protocol):
    """HTTP as uvicorn speaks it, with a limit to the time that a head may take.

    uvicorn limits how long a connection waits for its next request, and ``Guard`` how long a body
    takes. A head that never ends would keep its connection open.
    """

    _limit: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for the first head."""
        super().connection_made(transport)
        self._limit_head()

    def data_received(self, data: bytes) -> None:
        """Read a part of a head or of a body."""
        super().data_received(data)
        self._limit_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        super().connection_lost(exc)
        self._end_limit()

    def _limit_head(self) -> None:
        """Start the time when a head begins, and end it when the head has become a request."""
        if self.cycle is not None and not self.cycle.response_complete:
            self._end_limit()
        elif self._limit is None:
            self._limit = self.loop.call_later(SECONDS, self.timeout_keep_alive_handler)

    def _end_limit(self) -> None:
        if self._limit is not None:
            self._limit.cancel()
            self._limit = None

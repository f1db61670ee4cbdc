"""The server of the studio: one socket on the loopback address, until Ctrl-C."""

from __future__ import annotations

import secrets
import socket

import uvicorn

from gradatim.errors import GradatimError
from gradatim.studio.app import studio_app
from gradatim.studio.connection import Connection
from gradatim.studio.session import Session

PORT = 8765
"""The usual port; a free one is taken where it is in use."""
_WAITING = 1_024
"""The connections that may wait to be accepted."""


class Studio:
    """A studio that listens, and answers once it is run.

    Args:
        session: What the page begins with.
        port: The port; by default the usual one, or a free one.

    Raises:
        GradatimError: If the port is in use.
    """

    def __init__(self, session: Session, port: int | None = None) -> None:
        self.socket = _listening(port)
        self.port: int = self.socket.getsockname()[1]
        self.token = secrets.token_urlsafe(24)
        config = uvicorn.Config(
            studio_app(session, self.port, self.token),
            http=Connection,
            ws="none",
            lifespan="off",
            log_config=None,  # that of uvicorn closes every handler of the process
            log_level="critical",
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=1,
        )
        self._server = uvicorn.Server(config)

    @property
    def address(self) -> str:
        """What to open in the browser. The token is in the fragment, which is never sent."""
        return f"http://127.0.0.1:{self.port}/#token={self.token}"

    def run(self) -> None:
        """Answer until Ctrl-C, which ends it quietly."""
        try:
            self._server.run(sockets=[self.socket])
        except KeyboardInterrupt:
            return
        finally:
            self.socket.close()

    def stop(self) -> None:
        """Let ``run`` return, which another thread may be in."""
        self._server.should_exit = True


def _listening(port: int | None) -> socket.socket:
    if port is not None:
        return _bound(port)
    try:
        return _bound(PORT)
    except GradatimError:
        return _bound(0)


def _bound(port: int) -> socket.socket:
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(("127.0.0.1", port))
        listening.listen(_WAITING)
    except OSError as error:
        listening.close()
        raise GradatimError(
            f"studio: port {port} cannot be used: {error.strerror}. Write another --port, or none."
        ) from None
    return listening

"""What a request must satisfy before anything reads it: host, origin, token, size and time."""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Mapping, MutableMapping

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

TOKEN = "x-gradatim-token"
MOST = 2**20
"""The bytes of a body."""
MOST_OF_LOG = 64 * 2**20
"""The bytes of a log, which is not held in memory."""
SECONDS = 5.0
"""The time that a client has to send a body."""
LOG = "/api/log"
_SAFE = ("GET", "HEAD")
_HEADERS: Mapping[str, str] = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self' blob:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
}


def allowed_hosts(port: int) -> tuple[str, ...]:
    """What ``Host`` may say; another name would be that of a page that rebinds its own to us."""
    return tuple(f"{name}:{port}" for name in ("127.0.0.1", "localhost", "[::1]"))


class Guard:
    """Refuses requests from elsewhere, and bodies that are too large or too slow.

    Args:
        app: The application.
        port: The port that it listens on.
        token: What each request to the API has to know. Other users of the machine do not.
    """

    def __init__(self, app: ASGIApp, port: int, token: str) -> None:
        self.app, self.token = app, token
        self.hosts = allowed_hosts(port)
        self.origins = tuple(f"http://{host}" for host in self.hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or refuse it."""
        if scope["type"] != "http":
            return  # nothing here uses a web socket or a lifespan

        async def send_with_headers(message: MutableMapping[str, object]) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(_HEADERS)
            await send(message)

        refused = self._refusal(scope)
        if refused is not None:
            status, reason = refused
            answer = JSONResponse({"error": reason}, status, {"connection": "close"})
            await answer(scope, receive, send_with_headers)
            return
        most = MOST_OF_LOG if scope["path"] == LOG else MOST
        await self.app(scope, _limited(receive, most), send_with_headers)

    def _refusal(self, scope: Scope) -> tuple[int, str] | None:
        headers = Headers(scope=scope)
        if headers.getlist("host") not in [[host] for host in self.hosts]:
            return 403, f"Host must be one of {', '.join(self.hosts)}."
        if not scope["path"].startswith("/api/"):
            return None if scope["method"] in _SAFE else (405, "Only GET is allowed here.")
        if not hmac.compare_digest(headers.get(TOKEN, "").encode(), self.token.encode()):
            return 403, "Open the address that the command printed: it holds the token."
        if scope["method"] in _SAFE:
            return None
        if headers.get("origin", self.origins[0]) not in self.origins:
            return 403, "Origin must be the address of this page."
        if headers.get("sec-fetch-site", "same-origin") != "same-origin":
            return 403, "Sec-Fetch-Site must be same-origin."
        wanted = "application/octet-stream" if scope["path"] == LOG else "application/json"
        if headers.get("content-type", "").partition(";")[0].strip().lower() != wanted:
            return 415, f"Content-Type must be {wanted}."
        length = headers.get("content-length", "0")
        most = MOST_OF_LOG if scope["path"] == LOG else MOST
        if length.isascii() and length.isdigit() and int(length[:20]) > most:
            return 413, _too_large(most)
        return None


def _too_large(most: int) -> str:
    return f"A body may have at most {most // 2**20} MiB."


def _limited(receive: Receive, most: int) -> Receive:
    """Receive a body that may have so many bytes, and must arrive in time."""
    until = asyncio.get_running_loop().time() + SECONDS
    seen, complete = 0, False

    async def limited() -> Message:
        nonlocal seen, complete
        if complete:  # what follows is the end of the connection, whenever it comes
            return await receive()
        try:
            async with asyncio.timeout_at(until):
                message = await receive()
        except TimeoutError:
            raise _closing(408, f"A body must arrive within {SECONDS:g} s.") from None
        seen += len(message.get("body", b""))
        complete = not message.get("more_body", False)
        if seen > most:
            raise _closing(413, _too_large(most))
        return message

    return limited


def _closing(status: int, reason: str) -> HTTPException:
    return HTTPException(status, reason, {"connection": "close"})

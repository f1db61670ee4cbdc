"""The application: one page, its files, and the API that it asks."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from importlib.resources import files

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from gradatim.errors import GradatimError
from gradatim.look.palette import DARK, LIGHT, css_variables, series_variables
from gradatim.studio.api import Api
from gradatim.studio.body import Body, Data
from gradatim.studio.guard import LOG, Guard
from gradatim.studio.problems import PlacedError
from gradatim.studio.session import Session

_TYPES = {
    "html": "text/html; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}


def studio_app(session: Session, port: int, token: str) -> Guard:
    """The application, which answers only what comes from its own page.

    Args:
        session: What the page begins with, and the logs that were dropped on it.
        port: The port that it listens on.
        token: What the page must know to ask anything.
    """
    api = Api(session)
    routes = [
        Route("/api/start", _answers_get(api.start)),
        Route(LOG, _takes_log(session), methods=["POST"]),
        *(
            Route(f"/api/{name}", _answers(function), methods=["POST"])
            for name, function in api.answers.items()
        ),
        Route("/{path:path}", _file),
    ]
    app = Starlette(routes=routes, exception_handlers={HTTPException: _refused})
    return Guard(app, port, token)


@cache
def static_files() -> dict[str, bytes]:
    """The files of the page, by their addresses. They are read once, and no other file ever is."""
    found: dict[str, bytes] = {}
    folders = [("/", files("gradatim.studio") / "static")]
    while folders:
        address, folder = folders.pop()
        for entry in folder.iterdir():
            if entry.is_dir():
                folders.append((f"{address}{entry.name}/", entry))
            else:
                found[f"{address}{entry.name}"] = entry.read_bytes()
    found["/"] = found.pop("/index.html")
    found["/palette.css"] = _palette().encode()
    return found


def _palette() -> str:
    """The one palette of the project as CSS variables, for light and dark."""
    light = css_variables(LIGHT) + css_variables(series_variables())
    return (
        f":root {{ color-scheme: light dark; {light} }}\n"
        f"@media (prefers-color-scheme: dark) {{ :root {{ {css_variables(DARK)} }} }}\n"
    )


async def _file(request: Request) -> Response:
    address = request.url.path
    content = static_files().get(address)
    if content is None:
        raise HTTPException(404, "There is no such page.")
    kind = _TYPES.get(address.rpartition(".")[2], _TYPES["html" if address == "/" else "css"])
    return Response(content, media_type=kind)


def _answers_get(function: Callable[[], Data]) -> Callable[[Request], object]:
    async def endpoint(request: Request) -> Response:
        return JSONResponse(await run_in_threadpool(function))

    return endpoint


def _answers(function: Callable[[Body], Data]) -> Callable[[Request], object]:
    async def endpoint(request: Request) -> Response:
        data = _json(await _content(request))
        return await _answer(lambda: function(Body(data)))

    return endpoint


def _takes_log(session: Session) -> Callable[[Request], object]:
    async def endpoint(request: Request) -> Response:
        name = request.query_params.get("name", "log")
        with session.logs.incoming(name) as incoming:
            try:
                async for chunk in request.stream():
                    incoming.write(chunk)
            except ClientDisconnect:
                raise HTTPException(400, "The log did not arrive whole.") from None
            return await _answer(lambda: session.logs.keep(incoming))

    return endpoint


async def _answer(function: Callable[[], Data]) -> Response:
    """What the function says, computed beside the requests of others."""
    try:
        return JSONResponse(await run_in_threadpool(function))
    except PlacedError as error:
        return JSONResponse({"error": f"{error}", "place": error.place}, 422)
    except GradatimError as error:
        return JSONResponse({"error": f"{error}"}, 422)


async def _content(request: Request) -> bytes:
    try:
        return await request.body()
    except ClientDisconnect:
        raise HTTPException(400, "The body did not arrive whole.") from None


def _json(content: bytes) -> Data:
    def no_number(word: str) -> float:
        raise ValueError(f"{word} is no number of JSON")

    try:
        data: Data = json.loads(content, parse_constant=no_number)
        json.dumps(data, ensure_ascii=False).encode()  # half of a surrogate pair is no character
    except (ValueError, RecursionError) as error:
        raise HTTPException(400, f"The body is no JSON: {error}.") from None
    return data


def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return JSONResponse({"error": error.detail}, error.status_code, error.headers)

"""A studio that runs beside a test, and what a page of it would send."""

import http.client
import json
import threading
from contextlib import contextmanager

from gradatim.studio import Studio
from gradatim.studio.guard import TOKEN
from gradatim.studio.session import Session

TIMEOUT = 60  # seconds: an answer that takes longer does not come


@contextmanager
def running(session=None):
    session = session or Session()
    studio = Studio(session, 0)
    thread = threading.Thread(target=studio.run, daemon=True)
    thread.start()
    try:
        yield studio
    finally:
        studio.stop()
        thread.join(TIMEOUT)
        assert not thread.is_alive()
        session.logs.close()


def send(studio, method, path, body=b"", **headers):
    """One request with these headers alone, beside its host and token; its status and content."""
    connection = http.client.HTTPConnection("127.0.0.1", studio.port, timeout=TIMEOUT)
    given = {"Host": f"127.0.0.1:{studio.port}", TOKEN: studio.token}
    given |= {name.replace("_", "-"): value for name, value in headers.items()}
    try:
        connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        if method not in ("GET", "HEAD"):
            given.setdefault("Content-Length", str(len(body)))
        for name, value in given.items():
            if value is not None:
                connection.putheader(name, value)
        connection.endheaders()
        connection.send(body)
        response = connection.getresponse()
        return response.status, response.headers, response.read()
    finally:
        connection.close()


def ask(studio, question, **body):
    """What the page is answered."""
    status, _, content = send(
        studio,
        "POST",
        f"/api/{question}",
        json.dumps(body).encode(),
        Content_Type="application/json",
        Origin=f"http://127.0.0.1:{studio.port}",
        Sec_Fetch_Site="same-origin",
    )
    return status, json.loads(content)

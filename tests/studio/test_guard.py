"""Only the page itself is answered: host, origin, token, type, size and time of every request."""

import contextlib
import json
import random
import socket
import threading
import time

import pytest

from gradatim.studio import api, connection, guard
from gradatim.studio.app import static_files
from gradatim.studio.guard import MOST, MOST_OF_LOG, TOKEN
from tests.studio.served import TIMEOUT, ask, running, send

PATHS = ("/", "/main.js", "/palette.css", "/api/start", "/api/curves", "/api/log", "/nothing")
METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "NONSENSE")
QUESTION = {"text": "Linear(start=1.0, end=0.0, steps=4)", "unit": "updates", "columns": 10}
JSON = {"Content_Type": "application/json"}


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("method", METHODS)
def test_every_route_and_method_refuses_another_host(studio, method, path):
    port = studio.port
    others = ("evil.example", f"evil.example:{port}", "127.0.0.1", "localhost", f"127.0.0.2:{port}")
    for host in (*others, f"localhost.:{port}", f"127.0.0.1:{port + 1}", f"[::1]:{port}.evil", ""):
        status, headers, _ = send(studio, method, path, Host=host)
        assert status in ((400, 403) if host == "" else (403,)), host
        assert "access-control-allow-origin" not in headers


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", "[::1]"])
def test_the_loopback_names_are_answered(studio, name):
    assert send(studio, "GET", "/", Host=f"{name}:{studio.port}")[0] == 200


def test_it_listens_on_the_loopback_address_alone(studio):
    assert studio.socket.getsockname()[0] == "127.0.0.1"


def test_two_hosts_are_refused(studio):
    with socket.create_connection(("127.0.0.1", studio.port)) as raw:
        host = f"Host: 127.0.0.1:{studio.port}\r\n"
        raw.sendall(f"GET / HTTP/1.1\r\n{host}{host}\r\n".encode())
        assert raw.recv(100).split()[1] in (b"400", b"403")


@pytest.mark.parametrize(
    ("wrong", "status"),
    [
        ({TOKEN: None}, 403),
        ({TOKEN: "guess"}, 403),
        ({TOKEN: "\xff"}, 403),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec_Fetch_Site": "cross-site"}, 403),
        ({"Sec_Fetch_Site": "same-site"}, 403),
        ({"Sec_Fetch_Site": "none"}, 403),
        ({"Content_Type": "text/plain"}, 415),
        ({"Content_Type": "application/x-www-form-urlencoded"}, 415),
        ({"Content_Type": None}, 415),
        ({"Content_Length": str(MOST + 1)}, 413),
    ],
)
def test_a_question_from_elsewhere_is_refused(studio, wrong, status):
    body = json.dumps(QUESTION).encode()
    got, _, content = send(studio, "POST", "/api/curves", body, **(JSON | wrong))
    assert got == status
    assert set(json.loads(content)) == {"error"}
    assert send(studio, "POST", "/api/curves", body, **JSON)[0] == 200


@pytest.mark.parametrize("path", ["/", "/main.js", "/api/start"])
def test_headers_of_every_answer(studio, path):
    _, headers, _ = send(studio, "GET", path)
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert not [name for name in headers if name.lower().startswith("access-control")]


def test_the_token_is_on_no_page(studio):
    for address in static_files():
        assert studio.token.encode() not in send(studio, "GET", address)[2]


def test_no_file_names_another_server():
    for address, content in static_files().items():
        if not address.startswith("/uplot/"):
            text = content.decode().replace("http://www.w3.org/2000/svg", "")
            assert "//" not in text.replace("// ", ""), address


@pytest.fixture
def patient(monkeypatch):
    """A body may take as long as a busy machine needs for it, and longer than a request may."""
    monkeypatch.setattr(guard, "SECONDS", 10 * TIMEOUT)


@pytest.fixture
def impatient(monkeypatch):
    """What does not come is given up after a second, in place of five."""
    monkeypatch.setattr(guard, "SECONDS", 1.0)
    monkeypatch.setattr(connection, "SECONDS", 1.0)


@pytest.mark.parametrize("path", ["/api/curves", "/api/log"])
def test_a_body_that_is_too_large_is_refused_while_it_comes(studio, patient, path):
    most = MOST_OF_LOG if path == "/api/log" else MOST
    kind = "octet-stream" if path == "/api/log" else "json"
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{studio.port}\r\n{TOKEN}: {studio.token}\r\n"
        f"Content-Type: application/{kind}\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    chunk = b"10000\r\n" + b"1" * 0x10000 + b"\r\n"
    with socket.create_connection(("127.0.0.1", studio.port), timeout=TIMEOUT) as raw:
        raw.sendall(head.encode())
        for _ in range(most // 0x10000 + 1):
            raw.sendall(chunk)
        assert raw.recv(100).split()[1] == b"413"  # before the body has ended
    assert ask(studio, "curves", **QUESTION)[0] == 200


def test_a_body_that_does_not_come_is_given_up(studio, impatient):
    head = (
        f"POST /api/curves HTTP/1.1\r\nHost: 127.0.0.1:{studio.port}\r\n{TOKEN}: {studio.token}\r\n"
        "Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{"
    )
    with socket.create_connection(("127.0.0.1", studio.port), timeout=TIMEOUT) as raw:
        raw.sendall(head.encode())
        assert raw.recv(100).split()[1] == b"408"


HEAD = "GET / HTTP/1.1\r\nHost: 127.0.0.1:{}\r\n"


def until_closed(raw, drip):
    """Send these bytes one at a time until the other side closes the connection."""
    raw.settimeout(0.25)
    for at in range(4 * TIMEOUT):
        with contextlib.suppress(TimeoutError, ConnectionResetError):
            if raw.recv(100) == b"":
                return
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            raw.sendall(drip[at : at + 1] or drip[-1:])
    raise AssertionError("it stays open")


@pytest.mark.parametrize("drip", [b"G", HEAD.encode() + b"X-Slow: 1"], ids=["method", "header"])
def test_a_head_that_does_not_end_is_given_up(studio, impatient, drip):
    with socket.create_connection(("127.0.0.1", studio.port)) as raw:
        raw.sendall(drip[:-1])
        until_closed(raw, drip[-1:])


def test_a_connection_that_says_nothing_is_given_up(studio, impatient):
    with socket.create_connection(("127.0.0.1", studio.port), timeout=TIMEOUT) as raw:
        assert raw.recv(100) == b""


def test_the_second_head_of_a_connection_is_given_up(studio, impatient):
    head = HEAD.format(studio.port).encode()
    with socket.create_connection(("127.0.0.1", studio.port), timeout=TIMEOUT) as raw:
        raw.sendall(head + b"\r\n")
        answered = b""
        while not answered.endswith(b"</html>\n"):
            answered += raw.recv(2**16)
        assert answered.startswith(b"HTTP/1.1 200")
        raw.sendall(head)
        until_closed(raw, b"X-Slow: 1")


def test_an_answer_may_take_longer_than_a_head(monkeypatch):
    monkeypatch.setattr(connection, "SECONDS", 0.1)
    monkeypatch.setattr(api, "gallery", lambda body: {"slept": time.sleep(1.0)})
    with running() as slow:
        assert ask(slow, "gallery") == (200, {"slept": None})


@pytest.mark.parametrize("slow_part", ["head", "body"])
def test_clients_that_send_a_byte_a_second_do_not_block_others(studio, patient, slow_part):
    """A hundred of them; another client is answered long before they have sent all."""
    head = (
        f"POST /api/curves HTTP/1.1\r\nHost: 127.0.0.1:{studio.port}\r\n{TOKEN}: {studio.token}\r\n"
        "Content-Type: application/json\r\nContent-Length: 100\r\n\r\n"
    ).encode()
    slow = [socket.create_connection(("127.0.0.1", studio.port)) for _ in range(100)]
    ended = threading.Event()

    def drip():
        for one in slow:
            one.sendall(head if slow_part == "body" else head[:9])
        while not ended.wait(1.0):
            for one in slow:
                with contextlib.suppress(OSError):  # it was refused meanwhile
                    one.sendall(b"1")

    dripping = threading.Thread(target=drip)
    dripping.start()
    try:
        for _ in range(20):
            assert ask(studio, "curves", **QUESTION)[0] == 200
    finally:
        ended.set()
        dripping.join()
        for one in slow:
            one.close()


def test_no_path_of_a_request_is_opened(studio):
    """A thousand ways to leave the folder; each is no address of the page."""
    draw = random.Random(7)
    ups = ("..", "%2e%2e", "..%2f", "%2e%2e%2f", "..\\", "..%5c", "....//", "%252e%252e", "%c0%ae.")
    ends = (
        "etc/passwd",
        "pyproject.toml",
        "guard.py",
        "__init__.py",
        "static/../app.py",
        "main.js%00",
    )
    starts = (
        "/",
        "//",
        "/static/",
        "/uplot/",
        "/api/",
        "/api/log/",
        "/main.js/",
        "/%2f",
        "/./",
        "/C:/",
    )
    for _ in range(1_000):
        ups_of_one = "/".join(draw.choices(ups, k=draw.randint(1, 8)))
        path = f"{draw.choice(starts)}{ups_of_one}/{draw.choice(ends)}"
        status, _, content = send(studio, "GET", path)
        assert status in (400, 404), path
        assert b"root:" not in content
        assert b"import" not in content


def test_only_files_of_the_page_are_answered(studio):
    for address, content in static_files().items():
        status, _, answered = send(studio, "GET", address)
        assert (status, answered) == (200, content)

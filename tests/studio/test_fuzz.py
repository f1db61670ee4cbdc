"""Requests at random: whatever is sent, no answer is a fault of the server."""

import json
import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gradatim.studio.api import Api
from gradatim.studio.body import Body
from gradatim.studio.gallery import gallery
from gradatim.studio.session import Session
from tests.studio.served import send
from tests.studio.test_page import COSINE, PLAN, WSD

QUESTIONS = (*Api(Session()).answers, "start", "log", "nothing")
TEXTS = [COSINE, WSD, PLAN, *(entry["text"] for entry in gallery(Body({}))["entries"])]
LONG, SHORT = 20_000, 600


@st.composite
def texts(draw):
    """A schedule or a plan, often with a piece of it replaced."""
    text = draw(st.sampled_from(TEXTS) | st.text(max_size=60))
    if draw(st.booleans()):
        return text
    start = draw(st.integers(0, len(text)))
    end = draw(st.integers(start, len(text)))
    piece = draw(st.sampled_from(["", "0", "-1", "1e300", "nan", "(", "'", ">>", "\n", "5%", "\0"]))
    return text[:start] + draw(st.just(piece) | st.text(max_size=5)) + text[end:]


numbers = st.integers() | st.floats() | st.sampled_from([0, -1, 10**18, 1e308, 2**63])
scalars = st.none() | st.booleans() | numbers | st.text(max_size=9)
anything = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner)
)
fields = {
    "text": texts(),
    "texts": st.lists(texts(), max_size=3),
    "unit": st.sampled_from(["updates", "epochs", "samples", "tokens", "miles"]),
    "start": st.none() | numbers,
    "end": st.none() | numbers,
    "whole": st.none() | numbers,
    "columns": st.integers(1, 60) | numbers,
    "cursor": st.integers(0, 100),
    "run": st.none() | st.dictionaries(st.sampled_from(["steps", "batch", "seconds"]), scalars),
    "form": st.sampled_from(["plan", "expression", "report", "torch", "keras", "megatron", "x"]),
    "name": st.text(max_size=20),
    "code": texts(),
    "lr": st.none() | numbers,
    "steps": st.none() | numbers,
    "value": st.sampled_from(["lr", "weight_decay", ""]),
    "metrics": st.lists(numbers, max_size=5),
    "log": st.text(max_size=9),
    "logs": st.lists(st.text(max_size=9), max_size=5),
}
bodies = (
    st.fixed_dictionaries({}, optional=fields)
    | st.fixed_dictionaries({}, optional=dict.fromkeys(fields, anything))
    | st.fixed_dictionaries(fields)
    | anything
)


def check_one(studio, question, method, body, raw):
    content = json.dumps(body).encode() if raw is None else raw
    kind = f"application/{'octet-stream' if question == 'log' else 'json'}"
    path = f"/api/{question}"
    status, headers, answer = send(studio, method, path, content, Content_Type=kind)
    assert status < 500, (question, body, answer)
    assert "access-control-allow-origin" not in headers
    if method != "HEAD":
        said = json.loads(answer)
        assert status == 200 or set(said) <= {"error", "place"}
        assert "Traceback" not in answer.decode()


@given(
    question=st.sampled_from(QUESTIONS),
    method=st.sampled_from(["POST"] * 12 + ["GET", "HEAD", "PUT", "OPTIONS"]),
    body=bodies,
    raw=st.none() | st.none() | st.binary(max_size=200),
)
@settings(max_examples=SHORT, suppress_health_check=list(HealthCheck), database=None)
def test_some_requests(studio, question, method, body, raw):
    check_one(studio, question, method, body, raw)


@pytest.mark.long
@given(
    question=st.sampled_from(QUESTIONS),
    method=st.sampled_from(["POST"] * 12 + ["GET", "HEAD", "PUT", "OPTIONS"]),
    body=bodies,
    raw=st.none() | st.none() | st.binary(max_size=200),
)
@settings(max_examples=LONG, suppress_health_check=list(HealthCheck), database=None)
def test_twenty_thousand_requests(studio, question, method, body, raw):
    check_one(studio, question, method, body, raw)


def test_no_request_wrote_a_file(studio, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for question in QUESTIONS:
        check_one(studio, question, "POST", {"text": COSINE, "name": "x", "form": "plan"}, None)
    assert os.listdir(tmp_path) == []

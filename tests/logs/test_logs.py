"""Logs as training loops write them."""

import json
import re
import struct

import numpy as np
import pytest

from gradatim import Constant, Linear
from gradatim.errors import GradatimError
from gradatim.logs import Log, read_log, read_race

STEPS = range(0, 100, 10)
LOSSES = {k: 3.0 - 0.01 * k for k in STEPS}
RATES = {k: 1e-3 * (1 - k / 100) for k in STEPS}


def varint(number):
    out = b""
    while number > 127:
        out += bytes([number & 127 | 128])
        number >>= 7
    return out + bytes([number])


def field(number, kind, data):
    return varint(number << 3 | kind) + (varint(len(data)) + data if kind == 2 else data)


def event(step, tag, value, tensor):
    """An Event as TensorBoard's protocol buffers have it."""
    number = struct.pack("<f", value)
    if tensor:  # TensorFlow 2: a TensorProto of type float with float_val
        shape = field(2, 2, b"")
        held = field(8, 2, field(1, 0, varint(1)) + shape + field(5, 2, number))
    else:
        held = field(2, 5, number)
    summary = field(1, 2, field(1, 2, tag.encode()) + held)
    wall = field(1, 1, struct.pack("<d", 1.7e9))
    return wall + field(2, 0, varint(step)) + field(5, 2, summary)


def record(data):
    return struct.pack("<Q", len(data)) + b"\0" * 4 + data + b"\0" * 4


def write_events(path, tensor):
    version = field(1, 1, struct.pack("<d", 1.7e9)) + field(3, 2, b"brain.Event:2")
    events = [version]
    for k in STEPS:
        events += [event(k, "train/loss", LOSSES[k], tensor), event(k, "lr", RATES[k], tensor)]
    path.write_bytes(b"".join(map(record, events)))


def write_csv(path):
    rows = [f"{k}, {LOSSES[k]}, {RATES[k]}" for k in STEPS]
    path.write_text("\n".join(["step, val_loss, lr", *rows]) + "\n", encoding="utf-8")


def write_jsonl(path):
    rows = [{"step": k, "loss": LOSSES[k], "lr": RATES[k], "note": "x"} for k in STEPS]
    path.write_text("\n".join(map(json.dumps, rows)) + "\n\n", encoding="utf-8")


def write_trainer_state(path):
    history = []
    for k in STEPS:
        history.append({"step": k, "epoch": 0.1, "loss": 9.0, "learning_rate": RATES[k]})
        history.append({"step": k, "epoch": 0.1, "eval_loss": LOSSES[k]})
    history.append({"step": 100, "train_runtime": 12.0, "train_loss": 3.3})
    path.write_text(json.dumps({"log_history": history, "max_steps": 100}), encoding="utf-8")


WRITERS = {
    "log.csv": write_csv,
    "log.jsonl": write_jsonl,
    "trainer_state.json": write_trainer_state,
    "events.out.tfevents.1.host": lambda path: write_events(path, tensor=False),
    "events.out.tfevents.2.host.v2": lambda path: write_events(path, tensor=True),
}


@pytest.mark.parametrize("name", WRITERS)
def test_every_kind_says_the_same(name, tmp_path):
    WRITERS[name](tmp_path / name)
    log = read_log(tmp_path / name)
    assert log.losses == pytest.approx(LOSSES)
    assert log.rates == pytest.approx(RATES)
    curve = log.curve()
    assert curve.rates[[0, 45, 90]] == pytest.approx([1e-3, 0.55e-3, 0.1e-3])
    assert log.curve(Constant(0.5)).rates[0] == 0.5


def test_a_folder_of_events(tmp_path):
    write_events(tmp_path / "events.out.tfevents.1.host", tensor=True)
    assert read_log(tmp_path).losses == pytest.approx(LOSSES)


def test_a_log_still_being_written(tmp_path):
    path = tmp_path / "events.out.tfevents.1.host"
    write_events(path, tensor=False)
    path.write_bytes(path.read_bytes()[:-7])
    log = read_log(path)
    assert log.losses == pytest.approx(LOSSES)
    assert len(log.rates) == len(RATES) - 1


def test_a_step_logged_twice_counts_as_it_was_logged_last(tmp_path):
    path = tmp_path / "log.csv"
    path.write_text("step,loss\n0,5\n10,4\n20,9\n20,3\n", encoding="utf-8")
    assert read_log(path).losses == {0: 5.0, 10: 4.0, 20: 3.0}


def test_the_loss_may_be_named(tmp_path):
    path = tmp_path / "log.csv"
    path.write_text("iter,loss,ppl\n0,5,7\n10,,\n20,3,6\n", encoding="utf-8")
    assert read_log(path, loss="ppl").losses == {0: 7.0, 20: 6.0}
    assert read_log(path).losses == {0: 5.0, 20: 3.0}


def test_a_step_below_0_is_refused_with_its_row(tmp_path):
    path = tmp_path / "log.csv"
    path.write_text("step,loss\n-5,9.5\n10,4\n", encoding="utf-8")
    with pytest.raises(GradatimError, match=r"row 1: loss '9\.5' at step '-5' are no two numbers"):
        read_log(path)


def test_before_the_first_logged_rate_there_was_a_warm_up():
    log = Log("mine", {10: 3.0, 20: 2.0}, {10: 1.0, 20: 0.5})
    assert log.curve().rates[[0, 5, 10, 15, 20]] == pytest.approx([0, 0.5, 1, 0.75, 0.5])
    with pytest.raises(GradatimError, match="mine has no column with finite rates"):
        Log("mine", {10: 3.0}, {}).curve()
    assert np.all(log.curve(Linear(1.0, 0.0, 21)).rates > 0)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("log.txt", "step 1", "has no known file ending of a log"),
        ("log.csv", "step,accuracy\n1,2\n", "has no losses: looked for eval_loss"),
        ("log.csv", "loss\n1\n", "has no steps"),
        ("log.csv", "", "has no steps"),
        ("log.csv", "step,loss\n1,high\n", "row 1: loss 'high' at step '1' are no two numbers"),
        ("log.csv", b"\xff\xfe\x00", "log.csv: it is UTF-16 text. Save it as UTF-8."),
        ("log.csv", b"\xff\x00", "log.csv: it is a binary file"),
        ("log.csv", b"step,loss\n\xff", "cannot be read as a log"),
        (
            "log.jsonl",
            '{"step": 1',
            "log.jsonl, line 1: it is cut off, as by a run that was killed",
        ),
        ("log.jsonl", '{"step": 1\n', "log.jsonl, line 1: it is no JSON"),
        ("log.jsonl", '{"step": true, "loss": 1.0}\n', "row 1: loss '1.0' at step True are no two"),
        ("log.jsonl", f'{{"step": {"9" * 5000}, "loss": 1}}\n', "9999... are no two numbers"),
        ("log.json", '{"a": 1}', "neither a list of objects nor has it a log_history"),
        ("log.tfevents.1", b"\x09" * 40, "does not begin with a whole record"),
        ("log.tfevents.1", b"\x05" + b"\0" * 11 + b"\xff" * 9, "cannot be read as a log"),
    ],
)
def test_refusals(name, content, words, tmp_path):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(GradatimError, match=re.escape(words)):
        read_log(path)


def test_no_file(tmp_path):
    with pytest.raises(GradatimError, match="cannot read"):
        read_log(tmp_path / "none.csv")


def test_a_log_of_kerass_csvlogger_has_epochs(tmp_path):
    path = tmp_path / "log.csv"
    path.write_text("epoch,loss,val_loss,learning_rate\n0,4,5,0.1\n1,3,4,0.05\n", encoding="utf-8")
    log = read_log(path, steps_per_epoch=50)
    assert log.losses == {49: 5.0, 99: 4.0}  # the loss after 50 and after 100 updates
    assert log.rates == {49: 0.1, 99: 0.05}
    with pytest.raises(GradatimError, match="has the column 'epoch' and no steps"):
        read_log(path)
    with pytest.raises(GradatimError, match="steps_per_epoch must be 1 or more, got 0"):
        read_log(path, steps_per_epoch=0)


def test_kerass_csvlogger_itself(tmp_path):
    keras = pytest.importorskip("keras")
    model = keras.Sequential([keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    path = str(tmp_path / "log.csv")
    x, y = np.ones((8, 2)), np.ones((8, 1))
    logger = keras.callbacks.CSVLogger(path)
    model.fit(x, y, batch_size=4, epochs=3, validation_data=(x, y), callbacks=[logger], verbose=0)
    assert list(read_log(path, steps_per_epoch=2).losses) == [1, 3, 5]


def test_steps_that_count_tokens_are_refused_at_once(tmp_path):
    path = tmp_path / "log.csv"
    path.write_text("step,loss,lr\n1000,4,0.1\n5000000000,3,0.1\n", encoding="utf-8")
    for schedule in (None, Constant(0.1)):
        with pytest.raises(GradatimError, match="If its steps count tokens or samples"):
            read_log(path).curve(schedule)


def test_a_log_of_too_many_rows(tmp_path, monkeypatch):
    monkeypatch.setattr("gradatim.logs.files.MOST_ROWS", 2)
    path = tmp_path / "log.csv"
    path.write_text("step,loss\n0,5\n1,4\n2,3\n3,2\n", encoding="utf-8")
    with pytest.raises(GradatimError, match="has more than 2 rows"):
        read_log(path)


@pytest.mark.parametrize("step", ["0.5", "nan", "inf", ""])
def test_a_step_that_is_no_whole_number(tmp_path, step):
    path = tmp_path / "log.csv"
    path.write_text(f"step,loss\n{step},5\n", encoding="utf-8")
    with pytest.raises(GradatimError, match="row 1: loss '5' at step"):
        read_log(path)


def test_steps_out_of_order_are_sorted(tmp_path):
    path = tmp_path / "log.csv"
    path.write_text("step,loss\n20,3\n0,5\n10,4\n", encoding="utf-8")
    assert read_log(path).curve(Constant(0.1)).losses.tolist() == [5.0, 4.0, 3.0]


def line(name, seed, losses, failed=None):
    run = {"name": name, "seed": seed, "failed": failed, "steps": [0, 5, 9]}
    return json.dumps(run | {"rates": [0.1, 0.1, 0.05], "losses": losses}) + "\n"


def test_the_runs_of_a_race(tmp_path):
    lines = line("a", 0, [3.0, 2.0, 1.0]) + line("a", 1, [3.0, 2.0, 1.5])
    lines += line("b", 0, [3.0, None, None], "loss became nan at step 5") + line("b", 1, [3, 2, 1])
    (tmp_path / "runs.jsonl").write_text(lines, encoding="utf-8")
    logs, left_out = read_race(tmp_path)
    assert [(log.name, log.losses[9]) for log in logs] == [("a", 1.0), ("a", 1.5)]
    assert logs[0].rates == {0: 0.1, 5: 0.1, 9: 0.05}
    assert left_out == ("'b' is left out: its run with seed 0 failed.",)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("{}\n", "line 1, is not a finished run of a race"),
        (line("a", 0, [3.0, 2.0]), "line 1, is not a finished run of a race"),
        (line("a", 0, [3.0, "high", 1.0]), "line 1, is not a finished run of a race"),
        (line("a", 0, [None, None, None]), "has no finished run with losses"),
        ("", "has no finished run with losses"),
    ],
)
def test_a_race_that_cannot_be_read(tmp_path, content, words):
    (tmp_path / "runs.jsonl").write_text(content, encoding="utf-8")
    with pytest.raises(GradatimError, match=words):
        read_race(tmp_path)

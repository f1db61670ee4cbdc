"""Histories in files, which later loads continue and from which every value is computed again."""

import csv
import json
import math
import os
import re
import stat
from itertools import pairwise

import pytest

from gradatim import (
    Constant,
    Driver,
    GradatimError,
    Linear,
    Plan,
    Plateau,
    Run,
    Target,
    by_updates,
    warmup_cosine,
    wsd,
)
from gradatim.core import atomic
from gradatim.drive.history.replay import summary_of

N = 40
LINE = Linear(start=0.0, end=1.0, steps=4)
HALVES = Plateau(mode="min", factor=0.5, patience=0, threshold=0.0)
KINDS = ["csv", "jsonl"]


class Watch:
    time = 100.0

    def __call__(self):
        return self.time


RUNS = {
    "updates": Run(steps=N),
    "samples": Run(samples=25, batch=10, epochs=14, clock="samples"),
    "tokens": Run(total_tokens=1000, clock="tokens"),
    "time": Run(seconds=12),
    "progress": Run(clock="progress"),
    "env_steps": Run(clock="env_steps", total=1000),
}


class Training:
    """A run that is killed and goes on, with a rule, other code that writes, outside values."""

    def __init__(self, clock="updates"):
        run = RUNS[clock]
        self.watch = Watch()
        plan = Plan(
            {
                "lr": wsd(peak=1.0, warmup="10%", cooldown="20%", steps=run),
                "lr/head": by_updates(Linear(start=0.5, end=0.9, steps=30)),
            },
            external={"kl": Linear(start=0.0, end=1.0, steps=run.ticks)},
            rules={"lr": HALVES},
            run=run,
        )
        self.driver = Driver(plan, now=self.watch)

    def update(self):
        driver, k = self.driver, self.driver.position
        if driver.clock.waits_for_count:
            unit = driver.clock.unit
            driver.count(**{unit: k / 50 if unit == "progress" else 7 * k % 11})
        self.watch.time += 0.125 * (1 + k % 3)
        driver.stepped(0, {Target("lr", "b"): 7.0, Target("kl"): 0.1 * k} if k % 10 == 3 else None)
        if driver.position % 9 == 0:
            driver.observe(1.0)

    def train(self, until):
        while self.driver.position < until:
            self.update()
        return self

    def resumed(self, clock, state):
        again = Training(clock)
        again.driver.load(json.loads(json.dumps(state)))
        if clock == "time" and again.driver.position:
            again.driver.clock._started = again.watch()  # no update is lost to a new start
        return again


def rows(path):
    """The updates in a file, without what it says of loads."""
    lines = path.read_text().splitlines()
    if path.suffix == ".csv":
        return list(csv.DictReader(lines))
    entries = [json.loads(line) for line in lines]
    return [entry for entry in entries if "position" in entry]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("clock", RUNS)
def test_however_often_it_is_killed_the_file_is_that_of_the_run_that_never_was(
    clock, kind, tmp_path
):
    whole = Training(clock).train(N)
    whole.driver.save_history(tmp_path / f"whole.{kind}")
    path = tmp_path / f"killed.{kind}"
    training, states = Training(clock), {}
    for at, until, load in ((5, 8, 5), (6, 20, 6), (19, 33, 6), (31, N, 31)):
        states[at] = training.train(at).driver.state()
        training.driver.save_history(path)
        training.train(until)  # lost
        training.driver.save_history(path)
        training = training.resumed(clock, states[load])
    training.train(N).driver.save_history(path)
    assert rows(path) == rows(tmp_path / f"whole.{kind}")
    assert len(rows(path)) == N
    if kind == "jsonl":
        summary = summary_of(path, verify=True)
        assert summary.difference is None
        assert (summary.loads, summary.updates, summary.clock) == ([5, 6, 31], N, clock)
        assert summary.first_written == 3
        assert (summary.values["kl"].written, summary.values["lr"].written) == (4, 0)
        ticks = [row["tick"] for row in rows(path)]
        assert ticks == [whole.driver.clock.tick_at(k) for k in range(N)]


def test_the_ticks_are_a_column_where_they_are_no_updates(tmp_path):
    for clock in RUNS:
        Training(clock).train(3).driver.save_history(tmp_path / f"{clock}.csv")
        head = (tmp_path / f"{clock}.csv").read_text().splitlines()[0]
        ticks = "" if clock == "updates" else "tick,"
        assert head == f"position,{ticks}lr,lr/head,kl"


def driven(until, loaded=None, schedule=LINE, **more):
    """A driver after some updates, the first of them perhaps lost in a load."""
    driver = Driver({"lr": schedule}, **more)
    if loaded is not None:
        driver.load(driver.state() | {"position": loaded, "tick": loaded})
    driver.advance(until - driver.position)
    return driver


class TestTables:
    def test_rows_before_the_load_stay_and_later_ones_are_replaced(self, tmp_path):
        path = tmp_path / "run.csv"
        path.write_text("position,lr\n0,7.0\n1,7.5\n2,8.0\n3,9.0\n4,9.0\n")
        driven(4, loaded=2).save_history(path)
        assert path.read_text() == "position,lr\n0,7.0\n1,7.5\n2,0.5\n3,0.75\n"

    @pytest.mark.parametrize("name", ["run.csv", "run.jsonl"])
    def test_a_run_that_has_just_begun_does_not_replace_that_of_a_longer_one(self, tmp_path, name):
        path = tmp_path / name
        driver = driven(2)
        driver.save_history(path)
        driver.retract()
        driver.save_history(path)  # its own file
        driver.advance(2)
        driver.save_history(path)
        before = path.read_bytes()
        with pytest.raises(GradatimError) as error:
            driven(1).save_history(path)
        assert str(error.value) == (
            f"save_history: {path}: it holds the update after 1, and this run has made 1 and "
            "loaded no state, so the file is that of another run. Load its checkpoint to continue "
            "it, or give another name."
        )
        assert path.read_bytes() == before

    def test_columns_that_only_one_of_them_has(self, tmp_path):
        path = tmp_path / "run.csv"
        path.write_text("position,kl,lr\n0,1.0,7.0\n1,,7.5\n")
        driver = driven(3, loaded=2)
        driver.add(Target("lr", "late"), Constant(8.0))
        driver.advance()
        driver.save_history(path)
        assert path.read_text() == (
            "position,kl,lr,lr/late\n0,1.0,7.0,\n1,,7.5,\n2,,0.5,\n3,,0.75,8.0\n"
        )

    def test_a_name_with_a_line_end_stays_one_name(self, tmp_path):
        path = tmp_path / "run.csv"
        driver = Driver({"lr/a\rb\r\nc": LINE})
        for _ in range(2):
            driver.advance()
            driver.save_history(path)
        assert path.read_bytes() == b'position,"lr/a\rb\r\nc"\n0,0.0\n1,0.25\n'

    def test_a_value_called_tick(self, tmp_path):
        driver = Driver({"lr": LINE, "tick": Constant(0.5)})
        for _ in range(2):
            driver.advance()
            driver.save_history(tmp_path / "run.csv")
        assert (tmp_path / "run.csv").read_text() == "position,lr,tick\n0,0.0,0.5\n1,0.25,0.5\n"


@pytest.mark.parametrize("kind", KINDS)
class TestBoth:
    def test_a_gap_is_said_once_and_the_file_is_written(self, kind, tmp_path):
        path = tmp_path / f"run.{kind}"
        driven(3).save_history(path)
        driver = driven(12, loaded=10)
        with pytest.warns(UserWarning, match="gradatim: ") as warned:
            driver.save_history(path)
        assert [str(one.message) for one in warned] == [
            f"gradatim: save_history: {path} has no updates from 3 to 9: they were made before the "
            "load, and not saved."
        ]
        driver.advance()
        driver.save_history(path)
        assert [int(row["position"]) for row in rows(path)] == [0, 1, 2, 10, 11, 12]
        assert summary_of(path).missing == 7

    def test_an_end_of_the_disk_leaves_the_old_file(self, kind, tmp_path, monkeypatch):
        path = tmp_path / f"run.{kind}"
        driven(3).save_history(path)
        before = path.read_bytes()

        def full(*_):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space left"):
            driven(4, loaded=3).save_history(path)
        assert path.read_bytes() == before
        assert os.listdir(tmp_path) == [path.name]

    def test_it_writes_through_the_one_way_to_write(self, kind, tmp_path, monkeypatch):
        written = []
        monkeypatch.setattr(atomic, "replace_file", lambda *given: written.append(given))
        driven(3).save_history(tmp_path / f"run.{kind}")
        assert [path for path, _ in written] == [tmp_path / f"run.{kind}"]

    def test_what_is_no_regular_file_is_left_alone(self, kind, tmp_path):
        path = tmp_path / f"run.{kind}"
        os.mkfifo(path)
        for _ in range(2):
            with pytest.raises(GradatimError, match="it is no regular file"):
                driven(3).save_history(path)
        assert stat.S_ISFIFO(path.stat().st_mode)
        with pytest.raises(GradatimError, match="it is no regular file"):
            driven(3).save_history(tmp_path)

    def test_numbers_that_are_none_are_kept_where_other_code_wrote_them(self, kind, tmp_path):
        path = tmp_path / f"run.{kind}"
        driver = Driver({"lr": LINE})
        driver.stepped(0, {Target("lr"): float("nan")})
        driver.stepped(0, {Target("lr"): float("-inf")})
        driver.save_history(path)
        again = driven(3, loaded=2)
        again.save_history(path)
        summary = summary_of(path, verify=kind == "jsonl")
        assert [str(row.values["lr"]) for row in summary.rows] == ["nan", "-inf", "0.5"]
        assert summary.difference is None


class TestRecords:
    def test_what_stands_in_it(self, tmp_path):
        driver = Driver({"lr": LINE}, HALVES)
        driver.stepped(0, {Target("lr"): 9.0})
        driver.observe(1.0)
        driver.observe(2.0)
        driver.stepped(0)
        driver.save_history(tmp_path / "run.jsonl")
        lines = [json.loads(line) for line in (tmp_path / "run.jsonl").read_text().splitlines()]
        config = driver.plan.config()
        assert lines == [
            {"history": "gradatim", "format": 1, "clock": "updates", "updates": 2},
            {"from": 0, "loaded": False, "plan": config, "scales": {"lr": 1.0}},
            {"position": 0, "tick": 0, "values": {"lr": 9.0}, "written": ["lr"]},
            {"from": 1, "loaded": False, "plan": config, "scales": {"lr": 0.5}},
            {"position": 1, "tick": 1, "values": {"lr": 0.125}},
        ]

    def test_a_plan_that_was_kept_or_extended_is_the_one_in_it(self, tmp_path):
        short, long = (warmup_cosine(1.0, steps=n, warmup="10%") for n in (20, 40))
        path, first = tmp_path / "run.jsonl", Driver({"lr": short})
        first.advance(12)
        first.save_history(path)
        second = Driver({"lr": long})
        second.load(first.state(), "extend")
        second.advance(20)
        second.save_history(path)
        summary = summary_of(path, verify=True)
        assert (summary.difference, summary.updates, summary.loads) == (None, 32, [12])

    def test_a_rescale_lets_the_tick_fall(self, tmp_path):
        path = tmp_path / "run.jsonl"
        two, four = (Run(samples=1000, batch=10, epochs=4, processes=n) for n in (2, 4))
        first = Driver({"lr": wsd(1.0, steps=two)}, run=two)
        first.advance(60)
        first.save_history(path)
        second = Driver({"lr": wsd(1.0, steps=four)}, run=four)
        second.load(first.state(), "rescale")
        second.advance(5)
        second.save_history(path)
        summary = summary_of(path, verify=True)
        assert (summary.difference, summary.updates, summary.last.tick) == (None, 65, 34)

    @pytest.mark.parametrize("bits", [1, -1])
    @pytest.mark.parametrize("position", [0, 7, 19])
    def test_one_bit_in_one_value_is_found(self, position, bits, tmp_path):
        path = tmp_path / "run.jsonl"
        driver = Driver({"lr": warmup_cosine(1.0, steps=20, warmup=3), "momentum": 0.9})
        driver.advance(20)
        driver.save_history(path)
        lines = path.read_text().splitlines(keepends=True)
        row = json.loads(lines[2 + position])
        before = row["values"]["lr"]
        row["values"]["lr"] = math.nextafter(before, bits * math.inf)
        lines[2 + position] = json.dumps(row) + "\n"
        path.write_text("".join(lines))
        found = summary_of(path, verify=True).difference
        assert found == (
            f"{path}, line {position + 3}: update {position + 1}, at tick {position}: lr is "
            f"{row['values']['lr']!r} in the file, and {before!r} by the plan"
        )

    @pytest.mark.parametrize(
        ("change", "words"),
        [
            (lambda row: row["values"].pop("lr"), "lr is missing"),
            (
                lambda row: row["values"].update(kl=1.0),
                "it has lr, momentum, kl, and the plan lr, mo",
            ),
            (
                lambda row: row["values"].update(lr=-0.0),
                r"lr is -0\.0 in the file, and 0\.0 by the",
            ),
            (
                lambda row: row.update(tick=1),
                r"update 1, at tick 1: lr is 0\.0 .* and 0\.25 by the",
            ),
            (lambda row: row.update(values={"lr2": 0.0, "momentum": 0.9}), "tick 0: lr is missing"),
            (
                lambda row: row.update(written=["momentum"], values={"momentum": 0.9}),
                ": lr is missing",
            ),
        ],
    )
    def test_other_changes_are_found(self, change, words, tmp_path):
        path = tmp_path / "run.jsonl"
        driver = Driver({"lr": LINE, "momentum": 0.9})
        driver.advance(2)
        driver.save_history(path)
        lines = path.read_text().splitlines()
        row = json.loads(lines[2])
        change(row)
        lines[2] = json.dumps(row)
        path.write_text("\n".join(lines))
        assert re.search(words, summary_of(path, verify=True).difference)


def test_the_table_that_0_1_wrote_is_continued(tmp_path):
    path = tmp_path / "run.csv"
    # As csv.writer wrote it in 0.1, with a value that joined at the third update.
    path.write_text("position,lr,lr/late\n0,0.0,\n1,0.25,\n2,0.25,4.0\n")
    driver = Driver({"lr": LINE, "lr/late": Constant(8.0)})
    driver.load(driver.state() | {"position": 3, "tick": 3})
    driver.advance()
    driver.save_history(path)
    assert path.read_text() == ("position,lr,lr/late\n0,0.0,\n1,0.25,\n2,0.25,4.0\n3,0.75,8.0\n")


def test_a_few_of_many_updates_are_shown(tmp_path):
    for n in (1, 2, 12, 13, 24, 25, 1000):
        driver = Driver({"lr": Linear(0.0, 1.0, 1000)})
        driver.advance(n)
        driver.save_history(tmp_path / f"{n}.csv")
        shown = [row.position for row in summary_of(tmp_path / f"{n}.csv").rows]
        assert shown[0] == 0
        assert shown[-1] == n - 1
        assert min(n, 7) <= len(shown) <= 13
        gaps = {b - a for a, b in pairwise(shown[:-1])}
        assert len(gaps) <= 1

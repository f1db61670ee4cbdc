"""The report: complete in itself, true to the numbers, and unharmed by odd names and odd ends."""

import base64
import errno
import os
import re
from html.parser import HTMLParser

import pytest

from gradatim import Constant, GradatimError, Linear
from gradatim.look import race_plots as plots
from gradatim.race import Task, race, table, write_report
from gradatim.race.tasks import find_task
from tests.race import toys

PAIR = {"half": Constant(value=0.5), "quarter": Constant(value=0.25)}
PNG = b"\x89PNG\r\n\x1a\n"


class Page(HTMLParser):
    """What a browser would read: text, tags, and everything it would have to load."""

    def __init__(self, path):
        super().__init__()
        self.words, self.tags, self.loads, self.cells = [], [], [], []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.loads += [
            value for name, value in attrs if name in ("src", "href", "srcset", "data", "action")
        ]

    def handle_data(self, data):
        if data.strip():
            self.words.append(data.strip())


@pytest.fixture(scope="module")
def scored(tmp_path_factory):
    result = race(toys.scored, PAIR, seeds=6, out=tmp_path_factory.mktemp("race") / "scored")
    return result, Page(write_report(result))


def test_the_page_needs_nothing_but_itself(scored):
    result, page = scored
    text = (result.folder / "report.html").read_text()
    assert page.loads, "a report without pictures"
    assert all(load.startswith("data:image/png;base64,") for load in page.loads)
    assert not re.search(r"https?://|//\w|@import|url\(", re.sub(r'src="[^"]*"', "", text))
    assert "script" not in page.tags
    assert "link" not in page.tags


def test_the_pictures_in_the_page_are_the_files_beside_it(scored):
    result, page = scored
    files = {path.name: path.read_bytes() for path in result.folder.glob("*.png")}
    assert sorted(files) == ["differences.png", "ends.png", "losses.png", "rates.png"]
    assert all(data.startswith(PNG) and len(data) > 5_000 for data in files.values())
    inside = [base64.b64decode(load.partition(",")[2]) for load in page.loads]
    assert sorted(inside) == sorted(files.values())


def test_the_tables_say_what_was_measured(scored):
    # Accuracies 0.50 ... 0.55 and 0.25 ... 0.30: means .525 and .275, deviations .0187, gap .25.
    result, page = scored
    assert table.standings(result)[1:] == [
        ("half", "0.525", "0.019", "0 of 6", "0.0"),
        ("quarter", "0.275", "0.019", "6 of 6", "0.0"),
    ]
    assert table.comparisons(result)[1:] == [
        ("quarter - half", "-0.250", "-0.250 to -0.250", "0 of 6", "0.031")
    ]
    for row in (*table.standings(result), *table.comparisons(result)):
        for cell in row:
            assert cell in page.words
    assert table.verdict(result) == (
        "Best mean accuracy: 0.525 (deviation 0.019, 0 of 6 failed) with 'half'."
    )
    assert any(table.verdict(result) in words for words in page.words)
    assert "failed: accuracy 0.25 is below 0.5" in page.words


def test_what_cannot_be_told_apart_is_said(tmp_path):
    def coin(schedule, seed):
        return float((seed % 2) ^ (schedule(0) == 0.5))

    result = race(coin, PAIR, seeds=8, out=tmp_path)
    assert table.verdict(result).endswith("These seeds do not tell it apart from 'quarter'.")


def test_too_few_seeds_are_called_so(tmp_path):
    result = race(toys.scored, PAIR, seeds=5, out=tmp_path)
    assert table.too_few_seeds(result) == (
        "With 5 seeds no difference can reach p < 0.05, however clear it is. Take 6 or more."
    )
    assert "tell it apart" not in table.verdict(result)
    assert table.too_few_seeds(race(toys.scored, PAIR, seeds=6, out=tmp_path)) == ""


def test_names_are_text_and_nothing_else(tmp_path):
    name = '<script>alert("&")</script>'
    result = race(toys.steady, {name: Constant(value=0.5)}, seeds=1, out=tmp_path)
    page = Page(write_report(result))
    assert "script" not in page.tags
    assert name in page.words


@pytest.mark.parametrize("function", [toys.diverges, toys.raises])
def test_runs_that_diverge_or_raise_are_shown(tmp_path, function):
    result = race(function, PAIR, seeds=3, out=tmp_path)
    page = Page(write_report(result))
    assert "2 of 3" not in page.words
    assert page.words.count("1 of 3") == 2
    assert any(words.startswith("failed: ") for words in page.words)
    assert ("pre" in page.tags) == (function is toys.raises)


def test_a_race_without_a_single_number_still_has_its_report(tmp_path):
    def hopeless(schedule, seed):
        yield 0, float("inf")

    result = race(hopeless, PAIR, seeds=2, out=tmp_path)
    page = Page(write_report(result))
    assert any("No run ended with a number for loss." in words for words in page.words)
    assert table.standings(result)[1][1] == "- (of 0)"


def test_metrics_alone_make_a_report_without_curves(tmp_path):
    result = race(Task("m", lambda schedule, seed: schedule(0)), PAIR, seeds=2, out=tmp_path)
    write_report(result)
    assert sorted(p.name for p in tmp_path.glob("*.png")) == ["differences.png", "ends.png"]


def test_a_report_that_cannot_be_written_says_so_and_keeps_the_runs(tmp_path, monkeypatch):
    from gradatim.core import atomic

    result = race(toys.scored, PAIR, seeds=1, out=tmp_path)

    def full(path, content):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(atomic, "replace_file", full)
    with pytest.raises(GradatimError, match=r"cannot write the report into .*No space left"):
        write_report(result)
    assert (tmp_path / "runs.jsonl").read_text().count("\n") == 2


def test_the_built_in_tasks_describe_themselves():
    assert "1,347 to train and 450 to test" in find_task("digits").about
    assert "accuracy below 0.5" in find_task("digits").rule


def axes(figure):
    return figure.axes[0]


def test_rates_and_losses_that_span_decades_get_a_logarithmic_axis():
    low, high = {0: 1e-5, 1: 1e-6}, {0: 1e-1, 1: 1e-2}
    assert axes(plots.plot_rates({"a": low, "b": high})).get_yscale() == "log"
    assert (
        axes(plots.plot_rates({"a": {0: 1.0, 1: 0.0}, "b": {0: 0.5, 1: 0.0}})).get_yscale()
        == "linear"
    )
    assert axes(plots.plot_losses({"a": [low], "b": [high]})).get_yscale() == "log"
    assert axes(plots.plot_losses({"a": [{0: 2.0, 1: 1.0}]})).get_yscale() == "linear"


def test_the_loss_line_is_the_median_in_the_band_of_all():
    runs = [{0: 3.0, 1: 1.0}, {0: 2.0, 1: 1.5}, {0: 1.0, 1: 5.0}]
    plot = axes(plots.plot_losses({"a": runs}))
    assert plot.lines[0].get_xydata().tolist() == [[0, 2.0], [1, 1.5]]
    edges = plot.collections[0].get_paths()[0].vertices.tolist()
    assert {tuple(point) for point in edges} == {(0, 1.0), (0, 3.0), (1, 1.0), (1, 5.0)}


def test_a_run_that_diverged_ends_in_a_cross():
    plot = axes(plots.plot_losses({"a": [{0: 1.0, 1: 2.0, 2: None}, {0: 1.0, 1: 1.0, 2: 1.0}]}))
    (cross,) = [line for line in plot.lines if line.get_marker() == "X"]
    assert cross.get_xydata().tolist() == [[1, 2.0]]


def test_a_long_curve_is_smoothed_and_says_so():
    steps = Linear(start=0.0, end=1.0, steps=199)
    plot = axes(plots.plot_losses({"a": [{k: steps(k) for k in range(200)}]}))
    assert plot.get_ylabel() == "training loss, running mean of 4"
    # Step 10: the mean of 7, 8, 9 and 10 parts of 199.
    assert plot.lines[0].get_ydata()[10] == pytest.approx(8.5 / 199)
    assert plot.lines[0].get_ydata()[0] == 0.0


def test_failed_ends_are_crosses_and_missing_ones_are_counted():
    ends = [plots.End(0.9, False), plots.End(0.1, True), plots.End(None, True)]
    plot = axes(plots.plot_ends({"a": ends}, "accuracy", {"failed below 0.5": 0.5}))
    markers = [line.get_marker() for line in plot.lines]
    assert (markers.count("o"), markers.count("X")) == (1, 1)
    words = [text.get_text() for text in plot.texts]
    assert words == ["× 1 without a number", "failed below 0.5"]

"""Notebooks: their cells are read as one file, and what is not Python in them is said or read."""

import json

import pytest

from gradatim import ExponentialDecay, GradatimError, Linear
from gradatim.peers import Given, Read, find, nothing_found

_IMPORTS = "import torch\nfrom torch.optim.lr_scheduler import StepLR"
_MADE = "optimizer = torch.optim.SGD(m.parameters(), lr=lr)\nscheduler = StepLR(optimizer, epochs)"


def _notebook(*cells: str, order: tuple[int, ...] = ()) -> str:
    counts = order or tuple(range(1, len(cells) + 1))
    return json.dumps(
        {
            "cells": [
                {"cell_type": "markdown", "source": ["# A title with lr = 7"]},
                *(
                    {
                        "cell_type": "code",
                        "execution_count": count,
                        "source": cell.splitlines(keepends=True),
                    }
                    for cell, count in zip(cells, counts, strict=True)
                ),
            ],
            "nbformat": 4,
        }
    )


def _read(text: str, **values: float) -> Read:
    (found,) = find(text, name="train.ipynb")
    return found.read(Given(values=values))


def test_cells_are_read_as_one_file_with_their_lines() -> None:
    text = _notebook(_IMPORTS, "lr, epochs = 0.5, 3", _MADE)
    (found,) = find(text)
    assert found.line == 4002
    read = found.read(Given())
    assert [read.schedule(k) for k in (0, 2, 3)] == pytest.approx([0.5, 0.5, 0.05])
    assert "Line 4002 is line 2 of cell 4." in read.differences


def test_lines_of_ipython_are_left_out_and_assign_what_is_not_known() -> None:
    magic = "%matplotlib inline\n!pip install x\nmodel?\nfiles = !ls\nlr = 0.5\nepochs = 3"
    assert _read(_notebook(_IMPORTS, magic, _MADE)).schedule(3) == pytest.approx(0.05)
    unknown = "lr = %env LR\nepochs = 3"
    with pytest.raises(GradatimError, match=r"get_ipython\(\)|lr"):
        _read(_notebook(_IMPORTS, unknown, _MADE))


def test_a_continued_line_with_a_percent_sign_is_no_magic() -> None:
    cell = "lr = (7.5\n% 1)\nepochs = 3"
    assert _read(_notebook(_IMPORTS, cell, _MADE)).schedule(0) == 0.5


@pytest.mark.parametrize("cell", ["%%html\n<p>lr</p>", "for in x", "%%R\nlr <- 7"])
def test_cells_that_are_not_read_are_said(cell: str) -> None:
    read = _read(_notebook(_IMPORTS, "lr, epochs = 0.5, 3", cell, _MADE))
    assert any(note.startswith("Cell 4 ") for note in read.differences)


def test_another_order_of_running_is_said() -> None:
    cells = (_IMPORTS, "lr, epochs = 0.5, 3", _MADE)
    assert not any("order" in note for note in _read(_notebook(*cells)).differences)
    read = _read(_notebook(*cells, order=(1, 9, 3)))
    assert any("in another order" in note for note in read.differences)


def test_a_file_that_a_cell_writes_and_shell_commands_are_read() -> None:
    written = "%%writefile train.py\nfrom torch.optim.lr_scheduler import ExponentialLR\n\n"
    written += "s = ExponentialLR(o, 0.9)"
    (found,) = find(_notebook(written), name="a.ipynb")
    assert found.line == 2004
    assert found.read(Given(lr=1.0)).schedule == ExponentialDecay(1.0, 0.9)
    shell = "!python pretrain_gpt.py --lr 0.1 --lr-decay-style linear --train-iters 10"
    (found,) = find(_notebook("x = 1\n" + shell), name="a.ipynb")
    assert found.line == 2002
    assert found.read(Given()).schedule == Linear(0.1, 0.0, 10)


def test_two_cells_that_make_a_scheduler_are_two() -> None:
    assert len(find(_notebook(_IMPORTS, _MADE, _MADE), name="a.ipynb")) == 2


def test_what_is_no_notebook_is_refused() -> None:
    with pytest.raises(GradatimError, match="no notebook"):
        find("{}", name="a.ipynb")
    with pytest.raises(GradatimError, match="no notebook"):
        find('{"cells": 7, "nbformat": 4}')
    assert "no scheduler" in str(nothing_found(_notebook("x = 1"), "a.ipynb"))


def test_a_file_that_a_cell_runs_is_said() -> None:
    read = _read(_notebook(_IMPORTS, "lr, epochs = 0.5, 3\n%run -i other.py", _MADE))
    assert any("Cell 3 runs other.py" in note for note in read.differences)

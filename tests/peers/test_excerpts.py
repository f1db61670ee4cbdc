"""Excerpts that begin or end inside a call or a docstring: what is shown is read, and no more."""

import pytest

from gradatim import Cosine, GradatimError
from gradatim.peers import Found, Given, find


def _found(text: str) -> list[Found]:
    return find(text, name="excerpt.py")


@pytest.mark.parametrize(
    "before",
    [
        "    lr=0.1,\n)\n",
        "        weight_decay=0.1),\n    batch_size=8,\n)\n",
        '    },\n    name="(",  # a comment (\n)\n',
        "        .shuffle()\n        .map(f)\n    )\n",
        "    if known else 3,\n]\n",
        '    of a docstring (with a bracket,\n    and it\'s more.\n    """\n',
    ],
)
@pytest.mark.parametrize("indent", ["", "    "])
def test_the_end_of_a_statement_before_it_is_left_out(before: str, indent: str) -> None:
    (found,) = _found(f"{before}{indent}x = 3\n{indent}s = CosineAnnealingLR(optimizer, T_max=x)")
    assert found.line == before.count("\n") + 2
    assert found.read(Given(lr=0.1)).schedule == Cosine(0.1, 0.0, 3)


@pytest.mark.parametrize(
    "after",
    [
        "trainer = Trainer(\n    model,",
        "trainer = Trainer(model, [1, {'a':",
        "for x in loader:",
        "def train(\n    model,",
        'def train(model):\n    """What it (does',
        "if x and y(\n    1",
    ],
)
def test_the_beginning_of_a_statement_after_it_is_left_out(after: str) -> None:
    (found,) = _found(f"s = CosineAnnealingLR(optimizer, T_max=3)\n{after}")
    assert found.read(Given(lr=0.1)).schedule == Cosine(0.1, 0.0, 3)


@pytest.mark.parametrize(
    "text",
    [
        "s = CosineAnnealingLR(optimizer, T_max=3,",
        "s = CosineAnnealingLR(optimizer, T_max=",
        "s = CosineAnnealingLR(\n    optimizer,\n    T_max=3",
        "s = SequentialLR(optimizer, [LinearLR(optimizer), CosineAnnealingLR(optimizer, 3)],",
    ],
)
def test_a_scheduler_that_is_cut_off_is_refused(text: str) -> None:
    (found,) = _found(text)
    with pytest.raises(GradatimError):
        found.read(Given(lr=0.1))


@pytest.mark.parametrize(
    "text",
    [
        "    CosineAnnealingLR(optimizer, 90),\n], milestones=[10])",
        "    after_scheduler=CosineAnnealingLR(optimizer, 90),\n)\nx = 1",
        "        [CosineAnnealingLR(optimizer, 90)])\n    x = 1",
    ],
)
def test_a_scheduler_inside_of_what_is_cut_off_is_not_read_alone(text: str) -> None:
    (found,) = _found(text)
    with pytest.raises(GradatimError, match="CutOffScheduler"):
        found.read(Given(lr=0.1))


def test_what_is_no_python_stays_refused_with_the_line_of_the_first_error() -> None:
    with pytest.raises(GradatimError, match="line 2: not Python"):
        _found("x = 1\nfor in y\ns = CosineAnnealingLR(optimizer, 3)")

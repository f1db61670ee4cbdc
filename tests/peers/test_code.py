"""Code that is read: what is said of the rest of it, and what is refused."""

import pytest

from gradatim import GradatimError, Linear, Plateau, step_decay
from gradatim.peers import read


def differences(code: str, source: str = "torch", lr: float | None = 0.1) -> str:
    return "\n".join(read(code, source, lr=lr).differences)


@pytest.mark.parametrize(
    "kind", ["OneCycleLR(o, max_lr=0.1, total_steps=9)", "CyclicLR(o, 0.01, 0.1, step_size_up=5)"]
)
def test_the_momentum_is_read_and_said(kind: str):
    found = read(kind, "torch")
    assert found.values.keys() == {"lr", "momentum"}
    assert f"It drives momentum too: momentum={found.values['momentum']!r}" in found.differences
    without = read(f"{kind[:-1]}, cycle_momentum=False)", "torch")
    assert without.values.keys() == {"lr"}
    assert not without.differences


def test_a_rule_is_read_and_said():
    found = read("ReduceLROnPlateau(optimizer, patience=3, min_lr=0.01)", "torch", lr=0.1)
    assert found.rule == Plateau("min", "worse", patience=3, floor=0.01 / 0.1)
    assert f"rule={found.rule!r}" in found.differences[0]


def test_a_plateau_of_keras_is_read_from_code():
    # Keras' patience and cooldown are each one more than ours, and its threshold is an amount.
    code = "ReduceLROnPlateau(monitor='val_loss', patience=3, min_delta=0.01, cooldown=2)"
    rule = Plateau("min", "worse", patience=2, threshold=0.01, relative=False, cooldown=1)
    found = read(code, "keras")
    assert found.rule == rule
    with pytest.raises(GradatimError, match=r"convert: it scales the rate .* Write --lr"):
        _ = found.schedule
    assert read(code, "keras", lr=0.1).schedule(5) == 0.1
    bounded = code.replace("cooldown=2", "cooldown=2, min_lr=0.01")
    assert read(bounded, "keras", lr=0.1).rule == rule.replace(floor=0.01 / 0.1)


def test_the_rate_of_the_optimizer_in_the_code_counts():
    code = "optimizer = torch.optim.SGD(model.parameters(), lr=0.5)\nStepLR(optimizer, 30)"
    assert read(code, "torch").schedule == step_decay(0.5, every=30)
    assert read(code.replace("lr=0.5", "0.5"), "torch").schedule == step_decay(0.5, every=30)
    assert read(code, "torch", lr=0.1).schedule == step_decay(0.1, every=30)
    assert "has lr=0.5, and this is for 0.1" in differences(code)
    with pytest.raises(
        GradatimError, match=r"args\.lr is not set in the file\. Write --set args\.lr=V"
    ):
        read(code.replace("lr=0.5", "lr=args.lr"), "torch")


def test_schedulers_that_are_assigned_together_are_seen():
    code = "first, second = StepLR(optimizer, 30), ExponentialLR(optimizer, 0.9)"
    assert "StepLR(optimizer, 30) is in the code too" in differences(code)
    only = "model, scheduler = Linear(3, 3), StepLR(optimizer, 30)"
    assert read(only, "torch", lr=0.1) == read("StepLR(optimizer, 30)", "torch", lr=0.1)


def test_a_second_scheduler_is_said():
    code = "first = StepLR(optimizer, 30)\nsecond = ExponentialLR(optimizer, 0.9)"
    assert "StepLR(optimizer, 30) is in the code too" in differences(code)
    nested = f"{code}\nboth = ChainedScheduler([first, second])"
    assert not differences(nested)


def test_a_wrapper_that_is_not_known_is_refused():
    code = "cos = CosineAnnealingLR(optimizer, 10)\n"
    with pytest.raises(
        GradatimError, match=r"GradualWarmupScheduler \(line 2\) is made of CosineAnnealingLR"
    ):
        read(f"{code}s = GradualWarmupScheduler(optimizer, 1, 3, after_scheduler=cos)", "torch")
    with pytest.raises(
        GradatimError, match=r"GradualWarmupScheduler .* is made of StepLR and is not"
    ):
        read("GradualWarmupScheduler(o, 1, 3, after_scheduler=StepLR(o, 3))", "torch", lr=0.1)
    assert "accelerator.prepare(cos) is given this schedule" in differences(
        f"{code}accelerator.prepare(cos)"
    )


def test_assignments_of_all_kinds_are_followed():
    code = "epochs: int = 10\nepochs *= 391\nself.scheduler = StepLR(optimizer, epochs)"
    assert read(code, "torch", lr=0.1).schedule == step_decay(0.1, every=3910)


@pytest.mark.parametrize(
    "block",
    ["if fast:\n    n = 3", "for n in range(3):\n    pass", "with a as n:\n    pass", "n, m = f()"],
)
def test_what_a_block_sets_is_not_known(block: str):
    with pytest.raises(GradatimError, match=r"Write --set \"?(n|fast|f\(\)\[0\])=VALUE"):
        read(f"n = 5\n{block}\nStepLR(optimizer, n)", "torch", lr=0.1)


def test_a_scheduler_in_an_if_is_said_to_be():
    found = read("if fast:\n    s = StepLR(optimizer, 3)", "torch", lr=0.1)
    assert found.schedule == step_decay(0.1, every=3)
    assert found.differences == ("It is made only if `fast` (line 1) holds, which is not known.",)


def test_arguments_in_a_dictionary():
    assert read("StepLR(optimizer, **{'step_size': 3})", "torch", lr=0.1) == read(
        "StepLR(optimizer, 3)", "torch", lr=0.1
    )
    code = "cfg = {'step_size': 3}\nStepLR(optimizer, **cfg)"
    assert read(code, "torch", lr=0.1).schedule == step_decay(0.1, every=3)


@pytest.mark.parametrize(
    ("code", "source", "said"),
    [
        (
            "StepLR(optimizer, **cfg)",
            "torch",
            "convert: StepLR: its arguments are not written out: **cfg.",
        ),
        ("StepLR(*args)", "torch", "convert: StepLR: its arguments are not written out: *."),
        (
            "OneCycleLR(optimizer, max_lr=[0.1, 0.2], total_steps=9)",
            "torch",
            "convert: OneCycleLR: max_lr must be a finite number, got (0.1, 0.2).",
        ),
        ("OneCycleLR(optimizer, 0.1)", "torch", "write total_steps, or epochs and steps_per_epoch"),
        ("StepLR(optimizer, 3, step_size=4)", "torch", "step_size is given twice"),
        ("StepLR(optimizer, 3, 0.1, -1, 7)", "torch", "StepLR takes 4 arguments: optimizer, "),
        ("StepLR(optimizer)", "torch", "convert: StepLR: step_size is missing."),
        ("LambdaLR(optimizer, f)", "torch", "its function is code of your own"),
        ("CyclicLR(o, 0.1, 0.2, scale_fn=lambda x: x)", "torch", "scale_fn must be a number or"),
        (
            "CosineDecayRestarts(0.1, 10, m_mul=4)",
            "keras",
            "convert: CosineDecayRestarts: m_mul must be above 0 and at most 1, got 4.0.",
        ),
        ("ReduceLROnPlateau(monitor='val_acc')", "keras", "mode must be 'min' or 'max'"),
        (
            "get_greedy_schedule(optimizer, reset_start=10)",
            "transformers",
            "reset_start=10 begins again after that many metrics",
        ),
        ("linear_onecycle_schedule(0, 0.1)", "optax", "transition_steps must be a whole number"),
        ("piecewise_constant_schedule(1.0, {3: -0.5})", "optax", "0 or more, got -0.5"),
        ("piecewise_constant_schedule(1.0, [3])", "optax", "must be a dictionary, got (3,)"),
    ],
)
def test_one_clear_sentence(code: str, source: str, said: str):
    with pytest.raises(GradatimError) as error:
        read(code, source, lr=0.1)
    assert said in str(error.value)


def test_a_line_is_the_same_schedule_in_every_form():
    assert read("PolynomialDecay(0.1, 100)", "keras").schedule == Linear(0.1, 0.0001, 100)


@pytest.mark.parametrize(
    "code",
    [
        "SequentialLR(o, [LinearLR(o, total_iters=2), OneCycleLR(o, 1.0, 9)], [2])",
        "ChainedScheduler([SequentialLR(o, [StepLR(o, 3), StepLR(o, 4)], [2]), StepLR(o, 3)])",
    ],
)
def test_where_torch_loses_a_part_of_what_is_nested_it_is_said(code: str):
    assert "torch loses a part of the " in differences(code)

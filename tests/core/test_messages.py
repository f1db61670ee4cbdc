"""The sentences of the errors: what is wrong, what was given, what to write instead."""

import pytest

from tests.core.messages import message

MESSAGES = {
    "one_cycle(peak=1.0, steps=9, start=2.0)": (
        "one_cycle: start, 2.0, is above peak, 1.0. If the cycle goes down and up again, as a "
        "momentum does while the rate goes up and down, say its last value, too: floor=2.0. If "
        "start is a share of the peak, write it as a text: start='10%'."
    ),
    "warmup_cosine(peak=0.5, warmup=1, steps=9, floor=1.0)": (
        "warmup_cosine: floor must be at most peak, 0.5, got 1.0. For a share of it, write "
        "floor='100%'."
    ),
    "NaturalDecay.by(1.0, 0, 5)": ("NaturalDecay: factor must be a finite number above 0, got 0."),
    "NaturalDecay.by(1.0, 0.5, 0)": ("NaturalDecay: every must be a finite number above 0, got 0."),
    "Cosine(1.0, 0.0, 0)": (
        "Cosine: steps must be a whole number of updates, 1 or more, got 0. Write a whole number "
        "of optimizer updates. To leave a phase out, leave it out of join(...)."
    ),
    "Linear(True, 0.0, 5)": "Linear: start must be a finite number, got True.",
    "Linear(0.0, 1.0)": "Linear: steps is missing. Write Linear(steps=...).",
    "Linear(0.0, 1.0, 5, 6)": "Linear: takes 3 arguments (start, end, steps), got 4.",
    "Linear(0.0, 1.0, 5, start=1.0)": "Linear: start is given twice.",
    "ExponentialDecay(1.0, 1.5)": (
        "ExponentialDecay: factor must be a number above 0 and at most 1, got 1.5."
    ),
    "Logistic(1.0, 0.0, 5, 41)": (
        "Logistic: steepness must be at most 40, got 41.0. A curve that steep is a jump in the "
        "middle: join two constants."
    ),
    "Clip(Constant(1.0))": "Clip: low and high are both None. Give one, or leave clip out.",
    "Clip(Constant(1.0), 2, 1)": "Clip: low must be at most high, 1.0, got 2.0.",
    "join()": "Join: pieces must be two schedules or more, got ().",
    "join(Constant(1.0, 5), 3)": "join: argument 2 must be a schedule, got 3.",
    "Constant(1.0) >> Constant(2.0)": (
        "join: piece 1 of 2 has no end, so the next piece would never begin: Constant(value=1.0). "
        "Give it a length: steps=..., or .cut(steps)."
    ),
    "join(Linear(0.0, 1.0, 5), Constant(1.0), Constant(2.0, 5))": (
        "join: piece 2 of 3 has no end, so the next piece would never begin: Constant(value=1.0). "
        "Give it a length: steps=..., or .cut(steps)."
    ),
    "Constant(1.0).repeat()": (
        "Repeat: the schedule must have an end, got Constant(value=1.0). Give it a length: "
        "steps=..., or .cut(steps)."
    ),
    "Constant(1.0, 5).stretched(0)": "stretched: factor must be a whole number, 1 or more, got 0.",
    "Constant(1.0) * 'x'": "Scale: factor must be a finite number, got 'x'.",
    "Constant(1.0) + float('nan')": "Constant: value must be a finite number, got nan.",
    "Table([(5, 1.0)], 'hold')": "Table: the step of points[0] must be 0, the first update, got 5.",
    "Table([(0, 1.0), (5, 1.0), (5, 2.0)], 'hold')": (
        "Table: the step of points[2] must be above the one before, 5, got 5."
    ),
    "Table([(0, 1.0)], 'cubic')": "Table: unknown between 'cubic'. Known: hold, linear.",
    "Function(lambda step: 1.0)": (
        "Function: function must be importable as 'package.module:name', got "
        "'gradatim:<lambda>'. A lambda or a function inside another cannot be found again after "
        "a restart: move it to the top of a module."
    ),
    "Function('math:log')": (
        "Function: math:log(0) must be a finite number, got ValueError('math domain error')."
    ),
    "warmup_cosine(1.0, steps=100, warmup=100)": (
        "warmup_cosine: warmup (100) must be less than steps, 100, so that something is left. "
        "steps is the whole run, these phases included."
    ),
    "warmup_cosine(1.0, steps=100, warmup=60, hold='50%')": (
        "warmup_cosine: warmup (60) + hold (50) must be less than steps, 100, so that something "
        "is left. steps is the whole run, these phases included."
    ),
    "Function('math:log1p', steps=4).stretched(2)": (
        "Function: math:log1p is a function, whose lengths cannot be multiplied by 2. Repeat it "
        "with stretch=1, or write a second function."
    ),
    "multistep(1.0, boundaries=[5, 3])": (
        "multistep: boundaries[1] must be above the one before, 5, got 3."
    ),
    "noam_interval(9, boundaries=[5, 5], factors=[0.1, 0.1], peak=1.0)": (
        "noam_interval: boundaries[1] must be above the one before, 5, got 5."
    ),
    "noam_interval('9%', boundaries=[5], factors=[0.1], peak=1.0)": (
        "noam_interval: warmup='9%' is a share of the run, whose length is not known here. "
        "Write a whole number of updates, or give steps."
    ),
    "noam_interval(9, boundaries=[5], factors=[0.1])": (
        "noam_interval: give either peak or model_size, one of them and not both."
    ),
    "wsd(1.0, steps=100, cooldown=0)": (
        "wsd: cooldown must be 1 or more, got 0. Or write warmup_constant."
    ),
    "wsd(1.0, steps=100, shape='exponential')": (
        "wsd: floor must be above 0 for shape='exponential', got 0.0. Write floor='1%'."
    ),
    "tri_stage(1.0, warmup=5, hold=5, cooldown=0)": (
        "tri_stage: cooldown must be 1 or more, got 0. Or write warmup_constant."
    ),
    "warmup_constant(1.0, warmup='5%')": (
        "warmup_constant: warmup='5%' is a share of the run, whose length is not known here. "
        "Write a whole number of updates, or give steps."
    ),
    "warmup_cosine(1.0, steps=100, warmup='120%')": (
        "warmup_cosine: warmup must be at most 100%, got '120%'."
    ),
    "warmup_cosine(1.0, steps=100, warmup='2 epochs')": (
        "warmup_cosine: warmup='2 epochs' needs to know what an update is. Give steps=run, with "
        "run = Run(samples=..., batch=..., epochs=...)."
    ),
    "noam(100)": "noam: give either peak or model_size, one of them and not both.",
    "noam(100, peak=1.0, model_size=512)": (
        "noam: give either peak or model_size, one of them and not both."
    ),
    "noam_interval(9, boundaries=[5, 6], factors=[1.0], peak=1.0)": (
        "noam_interval: factors must be 2 numbers, one a boundary, got (1.0,)."
    ),
    "multistep(1.0, boundaries=[5], warmup=5)": (
        "multistep: warmup must be below the first boundary, 5, got 5."
    ),
    "piecewise_constant([1.0], boundaries=[5])": (
        "piecewise_constant: values must be 2 numbers, one more than boundaries, got (1.0,)."
    ),
    "power(1.0, warmup=0)": "power: warmup must be 1 or more, or hold 1 or more, got 0.",
    "power(1.0, warmup=5, cooldown=3)": "power: steps must be given with a cooldown, got None.",
    "one_cycle(1.0, steps=10, warmup=5, three_phases=True)": (
        "one_cycle: warmup must be below half of steps with three_phases=True, got 5."
    ),
    "cyclic(1.0, start=0.0, factor=0.5)": (
        "cyclic: factor must be left out with mode='triangular', got 0.5."
    ),
}


@pytest.mark.parametrize("written", MESSAGES)
def test_the_message_says_what_to_write(written: str):
    assert message(written) == MESSAGES[written]


@pytest.mark.parametrize(
    ("written", "guess"),
    [
        ("Linear(0, end=1, step=10)", "Linear: unknown argument 'step'. Did you mean 'steps'?"),
        ("wsd(peek=1, steps=10)", "wsd: unknown argument 'peek'. Did you mean 'peak'?"),
        ("wsd(1, steps=10, shape='cosin')", "wsd: unknown shape 'cosin'. Did you mean 'cosine'?"),
        ("parse('Cosin(1, 0, 10)')", "parse: unknown schedule 'Cosin'. Did you mean 'Cosine'?"),
        ("build({'linear': {}})", "config: unknown schedule 'linear'. Did you mean 'Linear'?"),
        ("parse('Constant(1).clipp(0)')", "parse: unknown method 'clipp'. Did you mean 'clip'?"),
        ("Linear(0, 1, 10).replace(stop=1)", "Linear: unknown argument 'stop'."),
    ],
)
def test_a_typo_gets_a_guess_and_all_that_is_known(written: str, guess: str):
    assert message(written).startswith(guess)
    assert " Known: " in message(written)

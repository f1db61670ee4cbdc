"""What is wrong with a text or a config, and in which part of it."""

import pytest

from tests.core.messages import message

TEXTS = {
    "parse(5)": "parse: the text must be a string, got int.",
    "parse('Linear(0, 1, 5')": "parse: not an expression at character 7: '(' was never closed.",
    "parse('-' * 20_000 + '1')": "parse: the text is nested too deeply or holds a NUL.",
    "parse('1 + (' * 101 + 'Constant(1)' + ')' * 101)": (
        "parse: the text is nested more than 100 levels deep."
    ),
    "parse('5')": (
        "parse: the text is 5, not a schedule. Write for example warmup_cosine(peak=3e-4, "
        "warmup=500, steps=10_000)."
    ),
    "parse('lambda: 5')": (
        "parse: 'lambda: 5' is not allowed here; a schedule is written with names of schedules and "
        "recipes, numbers, strings, lists, >>, *, /, + and -."
    ),
    "parse('Linear(**{})')": "parse: 'Linear(**{})' uses **, which is not allowed.",
    "parse('Linear(0, 1, 5, 6)')": "Linear: takes 3 arguments (start, end, steps), got 4.",
    "parse('Linear(start=0, start=1)')": "parse: 'Linear(start=0, start=1)' gives start twice.",
    "parse('5(3)')": "parse: '5' cannot be called.",
    "parse('(5).clip(3)')": "parse: '(5).clip' is no schedule, so it has no methods.",
    "parse('Linear(0,1,5) >> 3')": "join: argument 2 must be a schedule, got 3.",
    "parse('3 >> 4')": "join: argument 1 must be a schedule, got 3.",
    "parse('Linear(0,1,5) / 0')": "Scale: the divisor must be a number that is not 0, got 0.0.",
    "parse('1/0')": "parse: '1/0' combines no schedules.",
    "parse(\"'a' + Linear(0,1,5)\")": "parse: a number must be a finite number, got 'a'.",
    "parse('Constant(1).foo()')": (
        "parse: unknown method 'foo'. Known: clip, cut, repeat, rounded, shift, staircase, "
        "stretched, then."
    ),
    "parse('Function(\"math:sqrt\")')": (
        "parse: Function would import and run code. If you trust where this comes from as you "
        "trust code, write imports=True."
    ),
    "parse('Constant(1)' + ' ' * 10**7)": "parse: the text is too long to be a schedule.",
    "parse('join(Linear(0, 1, 5), x=3)')": (
        "parse: 'join(Linear(0, 1, 5), x=3)' cannot be computed: join() got an unexpected keyword "
        "argument 'x'."
    ),
    "parse('5 / 0 * Constant(1)')": "parse: '5 / 0 * Constant(1)' divides by 0.",
    "parse('1' * 5000)": "parse: a number has thousands of digits.",
    "parse('Linear(0, 1, ' + '[' * 101 + '5' + ']' * 101 + ')')": (
        "parse: the text is nested more than 100 levels deep."
    ),
    "parse('-' * 101 + 'Constant(1)')": "parse: the text is nested more than 100 levels deep.",
    "parse('Constant(1)' + '.clip(0)' * 101)": (
        "parse: the text is nested more than 100 levels deep."
    ),
}

CONFIGS = {
    "build(5)": (
        'config: must be one name and its arguments, such as {"warmup_cosine": {"peak": 3e-4}}, '
        "got 5."
    ),
    "build([])": (
        'config: must be one name and its arguments, such as {"warmup_cosine": {"peak": 3e-4}}, '
        "got a list."
    ),
    "build(None)": (
        'config: must be one name and its arguments, such as {"warmup_cosine": {"peak": 3e-4}}, '
        "got nothing."
    ),
    "build({})": (
        'config: must be one name and its arguments, such as {"warmup_cosine": {"peak": 3e-4}}, '
        "got 0 names."
    ),
    "build({'Linear': {}, 'Cosine': {}})": (
        'config: must be one name and its arguments, such as {"warmup_cosine": {"peak": 3e-4}}, '
        "got 2 names."
    ),
    "build({'Linear': 5})": "config.Linear: must be a mapping of arguments, got 5.",
    "build({'Linear': {'start': 0.0, 'end': 1.0, 'total_iters': 5}})": (
        "Linear: total_iters is called steps here. Write steps=5."
    ),
    "build({'Scale': {'schedule': 5, 'factor': 2.0}})": (
        "Scale: schedule must be a Schedule, got 5."
    ),
    "build({'Scale': {'schedule': {'Plateau': {'mode': 'min'}}, 'factor': 2.0}})": (
        "Scale: schedule must be a Schedule, got Plateau(mode='min')."
    ),
    "build({'Function': {'function': 'math:sqrt'}})": (
        "config: Function would import and run code. If you trust where this comes from as you "
        "trust code, write imports=True."
    ),
    "build({'Linear': {1: 5}})": "config.Linear: must be a mapping of arguments, got {1: 5}.",
    "build({'Join': {'pieces': [{'Constant': {'value': 1.0}}, 5]}})": (
        "Join: pieces[1] must be a Schedule, got 5."
    ),
}


@pytest.mark.parametrize("written", TEXTS | CONFIGS)
def test_a_wrong_text_or_config_gets_its_sentence(written: str):
    assert message(written) == (TEXTS | CONFIGS)[written]

"""Reads hostile Python files under an audit hook, and prints what happened as JSON."""

from __future__ import annotations

import ast
import difflib  # noqa: F401, which an error imports when it looks for a similar name
import json
import sys
import typing
from contextlib import suppress

from gradatim import GradatimError
from gradatim.peers import Given, find, nothing_found

DEEP = 3_000
S = "StepLR(optimizer, {})"


def trees() -> dict[str, str]:
    """Values that are hard to compute, each as the argument of a scheduler."""
    values = {
        "9**9**9": "9**9**9",
        "big power": "10**10**10",
        "shift": "1 << 10**9",
        "repeat": "'a' * 10**9",
        "list": "[0] * 10**9",
        "range": "list(range(10**12))",
        "sum of a range": "sum(range(10**12))",
        "digits": "9" * 5_000,
        "int of digits": f"int('{'9' * 10_000}')",
        "float overflow": "1e308 * 1e308",
        "nan": "float('nan')",
        "inf": "float('inf')",
        "complex": "1j",
        "bytes": "b'1'",
        "division": "1 / 0",
        "modulo": "1 % 0",
        "import": "__import__('os').system('echo gone')",
        "eval": "eval('1+1')",
        "exec": "exec('x = 1')",
        "open": "open('/etc/passwd').read()",
        "pickle": "pickle.loads(b'x')",
        "getattr": "getattr(__builtins__, 'eval')('1')",
        "class": "().__class__.__bases__[0].__subclasses__()",
        "lambda": "(lambda: 3)()",
        "recursion": "(lambda f: f(f))(lambda f: f(f))",
        "format": "'{:9999999999d}'.format(1)",
        "f": "f'{3:>9999999999}'",
        "replace": "'a'.replace('', 'b' * 10_000)",
        "split": "len(('a,' * 10_000).split(','))",
        "nested": "[" * 90 + "]" * 90,
        "parentheses": "(" * 150 + "3" + ")" * 150,
        "many parentheses": "(" * DEEP + "3" + ")" * DEEP,
        "minus": "-" * DEEP + "3",
        "not": "not " * DEEP + "3",
        "sum": " + ".join(["1"] * DEEP),
        "attributes": "a" + ".b" * DEEP,
        "calls": "f(" * 80 + ")" * 80,
        "subscripts": "a" + "[0]" * DEEP,
        "comparison": " < ".join(["1"] * DEEP),
        "conditional": "1 if x else " * DEEP + "3",
        "comprehension": "[x for x in range(10**9)]",
        "nested comprehension": "[[y for y in range(1000)] for x in range(1000)]",
        "generator": "max(x for x in range(10**9))",
        "dictionary": "{" + ", ".join(f"'{i}': {i}" for i in range(2_000)) + "}",
        "round": "round(1, 10**9)",
        "str": "str(10**18 * 10)",
        "log": "math.log(0)",
        "sqrt": "math.sqrt(-1)",
        "walrus": "(y := (z := (w := 3)))",
        "star": "*x",
        "await": "await x",
        "yield": "(yield 3)",
    }
    return {name: S.format(value) for name, value in values.items()}


def files() -> dict[str, str]:
    """Whole files."""
    names = "\n".join(f"n{i} = n{i - 1}" for i in range(1, 400))
    doubled = "\n".join(f"n{i} = n{i - 1} + n{i - 1}" for i in range(1, 60))
    branches = "\n".join(f"if c{i}:\n    n = {i}" for i in range(200))
    functions = "\n".join(
        f"def f{i}(x):\n    return f{i - 1}(x) + f{i - 1}(x)" for i in range(1, 60)
    )
    methods = "\n".join(
        f"    def m{i}(self):\n        self.x = self.y\n        self.y = self.x" for i in range(50)
    )
    many = "\n".join(f"x{i} = {i}" for i in range(30_000))
    found = {
        "a name of itself": f"a = a\n{S.format('a')}",
        "names in a circle": f"a = b\nb = a\n{S.format('a')}",
        "a circle in functions": "def f():\n    return g()\ndef g():\n    return f()\n"
        + S.format("f()"),
        "a function of itself": f"def f(x):\n    return f(x - 1)\n{S.format('f(9)')}",
        "circling attributes": f"class A:\n{methods}\n    def z(self):\n      StepLR(o, self.x)",
        "a circle of classes": f"class A(B):\n    pass\nclass B(A):\n    pass\n{S.format('A.x')}",
        "a class of itself": f"class A(A):\n    pass\n{S.format('A().x')}",
        "a parameter of itself": f"def f(n):\n    f(n)\n    {S.format('n')}",
        "a default of itself": f"def f(n=n):\n    {S.format('n')}",
        "a dictionary of itself": "d = {}\nd['a'] = d\nStepLR(optimizer, d['a'])",
        "a list of itself": "xs = []\nxs.append(xs)\ns = SequentialLR(o, xs, xs)",
        "schedulers in a circle": "a = ChainedScheduler([b])\nb = ChainedScheduler([a])",
        "a scheduler of itself": "a = ChainedScheduler([a])\na = ChainedScheduler([a])",
        "a long chain": f"n0 = 3\n{names}\n{S.format('n399')}",
        "a tower of sums": f"n0 = 3\n{doubled}\n{S.format('n59')}",
        "a tower of functions": f"def f0(x):\n    return x\n{functions}\n{S.format('f59(1)')}",
        "many branches": f"{branches}\n{S.format('n')}",
        "many names": f"{many}\n{S.format('x29999')}",
        "a long line": f"x = [{'1, ' * 300_000}]\n{S.format('len(x)')}",
        "a long text": f"x = '{'a' * 1_000_000}'\n{S.format('x')}",
        "a null byte": "a = 1\0\n" + S.format("a"),
        "a surrogate": "a = '\ud800'\n" + S.format("a"),
        "a mark": "\ufeff" + S.format("3"),
        "form feeds": "\f" + S.format("3"),
        "carriage returns": "a = 3\r\n" + S.format("a") + "\r",
        "an encoding": "# -*- coding: rot13 -*-\n" + S.format("3"),
        "a wrong encoding": "# coding: nothing\n" + S.format("3"),
        "tabs and spaces": "if a:\n\tx = 3\n        y = 4\n" + S.format("y"),
        "half a file": "def f(:\n" + S.format("3"),
        "no end": "StepLR(optimizer, 3",
        "nothing": "",
        "blank": " \n\t\n",
        "comments": "# StepLR(optimizer, 3)\n" * 1_000,
        "deep blocks": "".join("  " * i + "if x:\n" for i in range(60)) + "  " * 60 + S.format("3"),
        "too deep blocks": "".join(" " * i + "if x:\n" for i in range(200))
        + " " * 200
        + S.format("3"),
        "many schedulers": "\n".join(f"s{i} = StepLR(o, {i + 1})" for i in range(1_000)),
        "many lists": "s = SequentialLR(o, [" + "StepLR(o, 3), " * 500 + "], [3])",
        "deep schedulers": "ChainedScheduler([" * 60 + S.format("3") + "])" * 60,
        "two stars": "kw = {**kw}\nStepLR(o, **kw)",
        "stars of stars": "a = {**b}\nb = {**a}\nStepLR(o, **a)",
        "a star of all": "from os import *\nStepLR(o, *[3])",
        "del": "n = 3\ndel n\n" + S.format("n"),
        "exec on the way": "exec('n = 3')\n" + S.format("n"),
        "a decorator": "@__import__('os').system('x')\ndef f():\n    " + S.format("3"),
        "a metaclass": "class A(metaclass=print):\n    " + S.format("3"),
        "global": "def f():\n    global n\n    n = 3\n" + S.format("n"),
        "type parameters": "type X = int\n" + S.format("3"),
        "match": "match x:\n    case {'a': [*b]} if c:\n        " + S.format("b"),
        "async": "async def f():\n    async for x in y:\n        " + S.format("x"),
        "step everywhere": "s = StepLR(o, 3)\n" + "for e in x:\n  s.step()\n" * 500,
        "a loop of steps": "s = StepLR(o, 3)\ndef f():\n    f()\n    s.step()\nf()",
        "options": "\n".join(f"p.add_argument('--n', default={i})" for i in range(500))
        + "\nStepLR(o, args.n)",
        "an option of itself": "p.add_argument('--n', default=args.n)\n"
        "args = p.parse_args()\nStepLR(o, args.n)",
        "a group": "o = SGD([{'params': p, 'lr': o}], lr=o)\nStepLR(o, 3)",
        "a trainer": "TrainingArguments(**args)\nTrainingArguments(*a)\n"
        "class X(TrainingArguments): max_steps = X",
    }
    return found


def cut(texts: dict[str, str]) -> dict[str, str]:
    """Prefixes of the others, as of files that were cut off."""
    found = {}
    for name, text in texts.items():
        if 10 < len(text) < 20_000:
            found[f"{name}, cut"] = text[: len(text) // 2]
            found[f"{name}, in a function"] = "def f():\n" + "\n".join(
                f"    {x}" for x in text.split("\n")
            )
    return found


EVENTS: list[str] = []
WATCHED = (
    "exec",
    "compile",
    "import",
    "open",
    "os.",
    "subprocess.",
    "pickle.",
    "socket.",
    "shutil.",
)
ON = False


def hook(event: str, arguments: tuple[object, ...]) -> None:
    if not ON or not event.startswith(WATCHED):
        return
    caller = sys._getframe(1).f_code.co_filename
    if event == "compile" and caller == ast.__file__:
        return  # ast.parse, which makes a tree and no code
    if event == "open" and arguments[0] == "<unknown>" and caller == ast.__file__:
        return  # Python looks for the line of a syntax error in a file of that name
    if caller == typing.__file__:
        return  # the types of gradatim's own functions
    EVENTS.append(f"{event} {arguments!r}"[:200])


def read(text: str) -> str:
    found = find(text, name="train.py")
    if not found:
        raise nothing_found(text, "train.py")
    for one in found[:5]:
        one.holds(Given())
        read = one.read(Given(0.1, 100, values={"x": 3}))
        read.schedule(3)
    return ""


def main() -> None:
    global ON
    texts = {**trees(), **files()}
    texts |= cut(texts)
    read(
        "import math\nn = 3\ns = StepLR(optimizer, n)\nTrainingArguments(max_steps=3)"
    )  # loads what is lazy
    sys.addaudithook(hook)
    ON = True
    exec(compile("1", "x", "exec"))
    with suppress(ImportError):
        __import__("module_that_is_not_there")
    with open(__file__, encoding="utf-8"):
        pass
    control = sorted({event.split()[0] for event in EVENTS})
    EVENTS.clear()
    crashes, longest = [], 0
    for name, text in texts.items():
        try:
            read(text)
        except GradatimError as error:
            longest = max(longest, len(str(error)))
            if "\n" in str(error):
                crashes.append(f"{name}: {error}")
        except BaseException as error:
            crashes.append(f"{name}: {type(error).__name__}: {error}"[:300])
    ON = False
    print(
        json.dumps(
            {
                "events": EVENTS,
                "control": control,
                "crashes": crashes,
                "longest": longest,
                "count": len(texts),
            }
        )
    )


if __name__ == "__main__":
    main()

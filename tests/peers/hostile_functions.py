"""Functions that must not be evaluated, or not for long; each file defines ``f``."""


def _nested(inside: str, used: str) -> str:
    """A list of the same list again and again: it has up to 9**40 parts, and little memory."""
    loop = f"    for i in range(40):\n        a = {inside}\n"
    return f"def f(step):\n    a = [1]\n{loop}    return {used}"


HOSTILE = {
    "a loop without an end": "def f(step):\n    while True:\n        pass",
    "recursion": "def f(step):\n    return f(step)",
    "two that call each other": "def g(x):\n    return f(x)\ndef f(step):\n    return g(step)",
    "doubling calls": "\n".join(
        ["def f0(x):\n    return x"]
        + [f"def f{i}(x):\n    return f{i - 1}(x) + f{i - 1}(x)" for i in range(1, 19)]
        + ["f = f18"]
    ),
    "a tower of powers": "f = lambda step: 9 ** 9 ** 9",
    "a large shift": "f = lambda step: 1 << 10 ** 10",
    "squares of squares": "def f(x):\n    for i in range(99):\n        x = x * x + 2\n    return x",
    "a huge range": "f = lambda step: sum(i for i in range(10 ** 12))",
    "nested ranges": "def f(s):\n    for i in range(9999):\n        for j in range(9999):\n"
    "            s += 1\n    return s",
    "a long list": "f = lambda step: [0.1] * 10 ** 12",
    "lists of lists": "def f(x):\n    y = [1.0]\n    for i in range(60):\n        y = y + y\n"
    "    return sum(y)",
    "a text of lists of lists": _nested("[a, a, a]", "len(str(a))"),
    "a key of lists of lists": _nested("[a] * 9", "{a: 1.0}[a]"),
    "lists of lists compared": _nested("[a] + [a]", "1.0 if a == [a] else 0.5"),
    "a comprehension of lists of lists": _nested("[a for j in range(9)]", "len(str(a))"),
    "dictionaries of dictionaries": _nested("{0: a, 1: a}", "len(str(a))"),
    "pairs of pairs": _nested("list(zip(a, a))", "len(str(a))"),
    "text": "f = lambda step: 'x' * 10 ** 12",
    "formatted text": "f = lambda step: float('%1000000000d' % 1)",
    "an import": "f = lambda step: __import__('os').system('echo hostile')",
    "an import in it": "def f(step):\n    import os\n    return os.system('echo hostile')",
    "eval": "f = lambda step: eval('1')",
    "exec": "def f(step):\n    exec('import os')\n    return 1",
    "open": "f = lambda step: open('/tmp/hostile', 'w').write('x')",
    "attributes": "f = lambda step: (1).__class__.__bases__[0].__subclasses__()[step]",
    "an attribute of math": "f = lambda step: math.__loader__.load_module('os').getpid()",
    "getattr": "f = lambda step: getattr(math, '__dict__')['cos'](step)",
    "a walrus": "f = lambda step: [x := step for _ in range(3)][0]",
    "deep parentheses": f"f = lambda step: {'(' * 150}step{')' * 150}{' + 1' * 3000}",
    "deep conditions": f"f = lambda step: {'1 if step else ' * 3000}2",
    "many names": "\n".join(
        ["a0 = [1, 1]"] + [f"a{i} = [a{i - 1}, a{i - 1}]" for i in range(1, 60)]
    )
    + "\nf = lambda step: sum(a59)",
    "names in a circle": "a = b\nb = a\nf = lambda step: a",
    "state in a default": "f = lambda step, kept=[]: kept.append(step) or len(kept)",
    "a global": "n = 0\ndef f(step):\n    global n\n    n += 1\n    return n",
    "a nonlocal": "def make():\n    n = 0\n    def f(step):\n        nonlocal n\n        n += 1\n"
    "        return n\n    return f\nf = make()",
    "random numbers": "f = lambda step: random.random()",
    "NumPy's random numbers": "f = lambda step: np.random.rand()",
    "the clock": "f = lambda step: time.time()",
    "a generator": "def f(step):\n    yield step",
    "try": "def f(step):\n    try:\n        return 1 / step\n    except Exception:\n"
    "        return 0",
    "nan": "f = lambda step: float('nan')",
    "zero": "f = lambda step: 1 / step",
    "a sine": "f = lambda step: math.sin(step * step)",
    "text as a rate": "f = lambda step: 'lr'",
    "nothing as a rate": "f = lambda step: None",
    "a decorator": "@cached\ndef f(step):\n    return 1.0",
    "an async function": "async def f(step):\n    return 1.0",
    "many arguments": "f = lambda *steps, **more: steps[0]",
    "a class": "class f:\n    def __call__(self, step):\n        return step",
    "no argument": "f = lambda: 1.0",
}

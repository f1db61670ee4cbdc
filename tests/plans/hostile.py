"""Files and texts that somebody could write to make a reader of plans do something else.

Each is a name, the ending of the file ("" for an expression), and its content.
"""

BOMB = "\n".join(
    ["a0: &a0 [x, x]", *(f"a{i}: &a{i} [*a{i - 1}, *a{i - 1}, *a{i - 1}]" for i in range(1, 30))]
)
PLAN = "format: 1\nrun: {updates: 100}\nschedules:\n  lr: %s\n"
LINEAR = "{Linear: {start: %s, end: 0, steps: 10}}"

YAML = {
    "apply": PLAN % "!!python/object/apply:os.system ['touch sentinel']",
    "new": PLAN % "!!python/object/new:subprocess.Popen [['touch', 'sentinel']]",
    "object": PLAN % "!!python/object:os.stat_result {}",
    "name": PLAN % "!!python/name:os.system",
    "module": PLAN % "!!python/module:antigravity",
    "tuple": PLAN % "!!python/tuple [1, 2]",
    "hyperpyyaml apply": PLAN % "!apply:os.system ['touch sentinel']",
    "hyperpyyaml new": PLAN % "!new:subprocess.Popen [['touch', 'sentinel']]",
    "hyperpyyaml include": "seed: !include:/etc/passwd",
    "hydra target": PLAN % "{_target_: os.system, command: touch sentinel}",
    "tag directive": "%TAG ! tag:yaml.org,2002:python/\n---\n"
    + PLAN % "!object/apply:os.system [x]",
    "verbatim tag": PLAN % "!<tag:yaml.org,2002:python/object/apply:os.system> ['touch sentinel']",
    "binary": PLAN % "!!binary R0lGODlhDAAMAIQAAP==",
    "set": PLAN % "!!set {a, b}",
    "alias bomb": BOMB,
    "alias to itself": "format: &a [*a]",
    "merge key": "<<: {format: 1}\nschedules: {}",
    "function": PLAN % "{Function: {function: 'os:getcwd'}}",
    "function inside": PLAN % "{Scale: {factor: 1, schedule: {Function: {function: 'os:getcwd'}}}}",
    "class by name": PLAN % "{__class__: {__mro__: 1}}",
    "field by name": PLAN % "{Linear: {start: 0, end: 1, steps: 10, __class__: x}}",
    "method by name": PLAN % "{Linear: {start: 0, end: 1, steps: 10, at: 1}}",
    "nested sequences": "[" * 30_000,
    "nested mappings": "{a: " * 15_000,
    "nested blocks": "- " * 30_000,
    "nested lines": "\n".join(" " * i + "a:" for i in range(350)),
    "long number": PLAN % (LINEAR % ("9" * 5000)),
    "long exponent": PLAN % (LINEAR % "1e999999999"),
    "long almost number": PLAN % (LINEAR % ("9" * 60_000 + "x")),
    "infinity": PLAN % (LINEAR % ".inf"),
    "many entries": "[" + "1," * 32_000 + "]",
    "many documents": "--- 1\n" * 10_000,
    "many spaces": "a:" + " " * 65_000 + "b",
    "cycles beyond count": PLAN
    % "{Join: {pieces: [{Repeat: {schedule: {Linear: {start: 1, end: 0, steps: 1}}, "
    "times: 9000000000000000000, stretch: 2}}, {Constant: {value: 1}}]}}",
    "jinja": PLAN % "\"{{ ''.__class__.__mro__[1].__subclasses__() }}\"",
    "environment": PLAN % "${oc.env:HOME}",
}
JSON = {
    "nested lists": "[" * 60_000,
    "nested mappings": '{"a":' * 12_000,
    "long number": "[" + "9" * 5000 + "]",
    "infinity": "[1e400]",
    "not a number": "[NaN]",
    "half a character": '{"format": 1, "schedules": {"\\ud800": 1}}',
    "twice": '{"format": 1, "format": 1}',
    "pickle": '{"py/object": "os.system", "py/reduce": [{"py/function": "os.system"}]}',
    "lines": "\n" * 60_000 + "x",
}
TOML = {
    "nested lists": "a = " + "[" * 30_000,
    "nested tables": "a = " + "{a = " * 12_000,
    "nested keys": ".".join("a" * 30_000) + " = 1",
    "long number": "a = " + "9" * 5000,
    "infinity": "a = inf",
    "date": "format = 1979-05-27",
    "many spaces": "a" + " " * 65_000 + "b",
}
EXPRESSIONS = {
    "class chain": "().__class__.__mro__[1].__subclasses__()",
    "class of a schedule": "Constant(1).__class__.__init__.__globals__",
    "import": "__import__('os').system('touch sentinel')",
    "open": "open('sentinel', 'w')",
    "lambda": "(lambda: __import__('os').system('touch sentinel'))()",
    "comprehension": "[x for x in ().__class__.__bases__]",
    "format": "'{0.__class__}'.format(1)",
    "power": "Constant(9**9**9)",
    "power of a schedule": "Constant(1) * 9**9**9",
    "brackets": "(" * 90_000,
    "signs": "-" * 90_000 + "1",
    "long number": "Constant(" + "9" * 5000 + ")",
    "attribute": "Constant(1).config()",
    "function": "Function('os:getcwd')",
    "walrus": "(x := Constant(1))",
    "starred": "join(*[Constant(1)])",
    "cycles beyond count": "Linear(1, 0, 1).repeat(9000000000000000000, stretch=2) >> Constant(1)",
}
PAYLOADS = [
    *((name, ".yaml", text) for name, text in YAML.items()),
    *((name, ".json", text) for name, text in JSON.items()),
    *((name, ".toml", text) for name, text in TOML.items()),
    *((name, "", text) for name, text in EXPRESSIONS.items()),
]

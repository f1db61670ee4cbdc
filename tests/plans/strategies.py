"""Plan files that are nearly right, and files that are nothing like it."""

import json
import re
from typing import Any

from hypothesis import strategies as st

from gradatim.core.values.fields import declared_types
from gradatim.core.values.value import buildable

GOOD = {
    ".yaml": """format: 1
run: {samples: 50_000, batch: 128, epochs: 90, accumulate: 2, processes: 4, tokens: 512}
schedules:
  lr:
    warmup_cosine: {peak: 3e-4, warmup: 5%}
  weight_decay:
    Join:
      pieces:
      - Linear: {start: 0, end: 1e-1, steps: 2 epochs}
      - Constant: {value: .1}
rules:
  lr: {Plateau: {mode: min, patience: 3}}
""",
    ".toml": """format = 1
run = { samples = 50_000, batch = 128, epochs = 90, tokens = 512 }
[schedules.lr.wsd]
peak = 3e-4
warmup = "300k samples"
[[schedules.weight_decay.Join.pieces]]
Linear = { start = 0, end = 0.1, steps = "2 epochs" }
[[schedules.weight_decay.Join.pieces]]
Constant = { value = 0.1 }
[rules.lr.Plateau]
mode = "min"
""",
    ".json": """{"format": 1,
 "run": {"steps": 10000},
 "schedules": {
  "lr": {"multistep": {"peak": 0.1, "boundaries": ["30%", "60%"], "warmup": 100}},
  "betas[0]": {"Table": {"points": [[0, 0.9], [100, 0.95]], "between": "linear"}}
 }}
""",
}

SCALARS = st.one_of(
    st.integers(),
    st.floats(),
    st.booleans(),
    st.none(),
    st.text(max_size=12),
    st.sampled_from(
        [
            "5%",
            "150%",
            "2 epochs",
            "1e9 tokens",
            "9e999 updates",
            "1e-3",
            "010",
            "12:30:45",
            "no",
            ".nan",
            "-.inf",
            "0x1F",
            "1_000",
            "2026-01-01",
            "min",
            "max",
            "linear",
            "hold",
            "\ud800",
        ]
    ),
    st.sampled_from([2**31, 2**53 + 1, 2**63, 10**18, -1, 0, 1, 1e-300, 1e300]),
)
ARGUMENTS = sorted(
    {a for make in buildable().values() for a in declared_types(make)} | {"step", "__class__"}
)
PLAIN_WORDS = [
    "format",
    "run",
    "schedules",
    "external",
    "rules",
    "lr",
    "pieces",
    "[",
    "]",
    "{",
    "}",
    ":",
    ",",
    "\n",
    "  ",
    "- ",
    "&a",
    "*a",
    "!!int",
    "!",
    "|",
    ">",
    "#",
    "---",
    "'",
    '"',
    "=",
    "\t",
    "1",
    "-1",
    "1e9",
    "0",
    "5%",
    "\x00",
    "\ufeff",
    "\u2028",
    "? ",
    "<<: ",
]


def schedules() -> st.SearchStrategy[Any]:
    def one(inside: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
        entries = st.one_of(SCALARS, inside, st.lists(st.one_of(SCALARS, inside), max_size=4))

        def arguments(name: str) -> st.SearchStrategy[Any]:
            names = st.sampled_from([*declared_types(buildable()[name])] or ARGUMENTS)
            rare = st.one_of(names, names, names, names, st.sampled_from(ARGUMENTS))
            return st.dictionaries(rare, entries, max_size=6).map(lambda found: {name: found})

        return st.sampled_from(sorted(buildable())).flatmap(arguments)

    return st.recursive(one(st.nothing() | SCALARS), one, max_leaves=6)


RUNS = st.dictionaries(
    st.sampled_from(
        ["samples", "batch", "epochs", "steps", "updates", "tokens", "accumulate", "step"]
    ),
    st.one_of(st.integers(1, 10**6), SCALARS),
    max_size=5,
)
PLANS = st.fixed_dictionaries(
    {
        "format": st.just(1) | SCALARS,
        "schedules": st.dictionaries(
            st.sampled_from(["lr", "lr/head", "b[0]", "?"]), schedules(), max_size=3
        ),
    },
    optional={
        "run": st.just({"steps": 1000}) | RUNS,
        "rules": st.dictionaries(st.just("lr"), schedules()),
    },
)
"""Plans as data, in the right form with many a wrong entry."""


def as_json(plan: Any) -> str:
    """JSON, which is also YAML in its flow style."""
    return json.dumps(plan, indent=1)


@st.composite
def mutated(draw: st.DrawFn, ending: str) -> str:
    """A good plan file in which some parts are left out, doubled or replaced."""
    text = GOOD[ending]
    for _ in range(draw(st.integers(1, 5))):
        start = draw(st.integers(0, len(text)))
        end = draw(st.integers(start, min(start + 30, len(text))))
        word = draw(st.sampled_from([*PLAIN_WORDS, *ARGUMENTS]) | SCALARS.map(str) | st.text())
        text = text[:start] + word + text[end:]
    return text


@st.composite
def replaced(draw: st.DrawFn, ending: str) -> str:
    """A good plan file in which one or two numbers are others; many of these are plans."""
    text = GOOD[ending]
    for _ in range(draw(st.integers(1, 2))):
        spots = [match.span() for match in re.finditer(r"\b\d[\d_.e-]*", text)]
        start, end = draw(st.sampled_from(spots))
        numbers = st.integers(0, 10**7).map(str) | st.floats(0, 10).map(repr) | SCALARS.map(str)
        text = text[:start] + draw(numbers) + text[end:]
    return text

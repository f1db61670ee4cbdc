"""The rows of the reliability page: what is promised, how often it must hold, and what counts it.

To add a row, add an entry here. ``python -m tests.reliability`` runs it.
"""

from __future__ import annotations

from typing import NamedTuple

from tests.core.cases.table import CASES
from tests.counting import GOALS

EXAMPLES = r"(\d+) passing(?: examples)?,"
"""What Hypothesis prints with ``--hypothesis-show-statistics`` for each search."""
PASSED = r"(\d+) passed"
COUNTED = r"counted: (\d+)"
"""What tests print that count something else than tests: see ``tests/counting.py``."""
SEARCH = "pytest -m long --hypothesis-profile=long --hypothesis-show-statistics"
_STOPPED = (
    "tests/trainers/test_resume_anywhere.py::test_so_does_every_row_stopped_after_every_update"
)


class Row(NamedTuple):
    """A claim and the command that tries it."""

    name: str
    claim: str
    """In plain words, for a reader who has not read the code."""
    goal: int
    unit: str
    """What is counted, in the plural."""
    command: str
    """Run from the top of the project; exit code 0 if the claim held every time."""
    how: str
    """How it was measured, in one sentence."""
    not_covered: str
    """What the figure does not say, in one sentence."""
    count: str = COUNTED
    """A regular expression: the sum of its numbers in the output is the figure."""
    each: bool = False
    """Whether the smallest of the numbers is the figure: the goal holds for each search."""
    short: str = ""
    """Why the goal is not reached yet; shown only while it is not."""


_TIME = "it takes long, and was not run in full on the shared machine of this release."

ROWS = (
    Row(
        "R1",
        "Every schedule is finite, within the levels it was given, exact at its ends, holds its "
        "last value, and comes back equal from its config, expression and pickle.",
        GOALS["R1"],
        "random cases for each schedule and recipe",
        f"{SEARCH} tests/core/test_invariants.py",
        "Arguments are drawn by the declared types of each class and recipe, and the values are "
        "checked at the ends, at joins and at random steps, alone and as arrays of NumPy.",
        "Whether the curve between its ends is the textbook's: `tests/core/test_cases.py` compares "
        "213 rows with mpmath for that.",
        EXAMPLES,
        each=True,
        short="SHARE=0.3 took 20 minutes beside another job. It found that the last digit of "
        "PowerDecay may differ between a number and an array at rates below 1e-307, where floats "
        "have fewer digits. The check allows for them now, and that schedule was tried again.",
    ),
    Row(
        "R2",
        "A run in PyTorch that is stopped after any update and goes on, with the states loaded in "
        "any order, makes bit for bit the updates of the run that never stopped.",
        len(CASES) * 4 * (GOALS["R2"] + 3 * 40),
        "stopped runs",
        f"pytest -m long -s '{_STOPPED}[plain-long]' '{_STOPPED}[lightning-40]' "
        f"'{_STOPPED}[transformers-40]' '{_STOPPED}[accelerate-40]'",
        "Every row of the table of schedules is stopped after each of 200 updates of a plain loop, "
        "and after each of 40 through the wrappers of Lightning, transformers and Accelerate, in "
        "four load orders; rate, momentum and weights are compared.",
        "GPUs, and a whole fit of a trainer at every update: those are stopped at a few points in "
        "`tests/trainers`.",
        r": (\d+) resumed runs",
        short=_TIME,
    ),
    Row(
        "R2b",
        "The same for Optax, eager and compiled.",
        6_000,
        "stopped runs",
        "pytest -m long -s tests/jax/test_resume_anywhere.py",
        "One schedule of each name runs for 60 updates; each state goes through a pickle, and the "
        "next update from it is compared bit for bit within its mode.",
        "Keras is stopped after each epoch, not each update (`tests/keras`, on its JAX, "
        "TensorFlow and torch backends); eager and compiled values differ in the last digits of "
        "float32.",
    ),
    Row(
        "R3",
        "A run that is saved, loaded, copied, rewound, given new groups or interrupted in any "
        "order has the values of a small model that writes everything down.",
        GOALS["R3"],
        "random programs of up to 100 actions, for each of three models",
        f"{SEARCH} tests/drive/test_driver.py tests/torch/test_lives.py "
        "tests/torch/test_lives_of_several.py",
        "Hypothesis composes programs of updates, overflows, saves, loads in every order, added "
        "and reordered groups, copies, metrics and refused input, for the driver alone, for one "
        "optimizer and for two.",
        "Other optimizers than SGD and AdamW, and GPUs.",
        EXAMPLES,
        each=True,
        short=_TIME,
    ),
    Row(
        "R4",
        "A scheduler of torch, transformers, timm or Ignite that is read has the original's values "
        "at every update.",
        1_000,
        "random configurations of 1,000 updates, for each scheduler",
        "pytest -m long -s tests/peers/test_objects.py",
        "The original steps beside ours; values agree to 1e-12 of the peak, and to 1e-11 where the "
        "original computes each value from the one before.",
        "What is refused, which the page on migration lists; other versions of these projects; "
        "Optax, Keras and SpeechBrain, which have tables of fixed cases in `tests/jax`, "
        "`tests/keras` and `tests/speechbrain`.",
        r"(\d+) configurations x 1000 updates",
        each=True,
        short=_TIME,
    ),
    Row(
        "R5",
        "Far positions are exact: a piece begins at its step next to 2^24, 2^31, 2^53 or anywhere "
        "up to 10^18.",
        GOALS["R5"],
        "random far positions",
        f"{SEARCH} tests/core/test_far_positions.py",
        "Random pieces are put behind a constant of random length, and evaluated at both ends with "
        "Python, NumPy and torch integers.",
        "JAX without 64 bits, where positions past 2^31 are refused (`tests/jax`).",
        EXAMPLES,
        short=_TIME,
    ),
    Row(
        "R6",
        "A wrong argument of any schedule or recipe is refused when it is built, in a sentence "
        "that names it; nothing else is ever raised.",
        GOALS["R6"],
        "pairs of odd arguments",
        f"{SEARCH} tests/core/test_refusals.py",
        "Every argument takes each of some 50 odd values alone in every run of the tests, and here "
        "random pairs of arguments take random pairs of them.",
        "Three wrong arguments at once.",
        EXAMPLES,
        short=_TIME,
    ),
    Row(
        "R7",
        "Rules that follow a metric decide alike for a metric and its opposite, as torch's plateau "
        "does for positive metrics, and recover from NaN and infinities.",
        GOALS["R7"],
        "random series of metrics",
        f"{SEARCH} tests/core/test_rules.py",
        "Series of up to 200 metrics of both signs with NaN and infinities anywhere go through "
        "random rules, and through their mirror images.",
        "Whether a rule is a good choice for a training run.",
        EXAMPLES,
        short=_TIME,
    ),
    Row(
        "R8",
        "A process that is killed while it saves leaves the previous state or the new one, whole.",
        GOALS["R8"] + GOALS["R8 torch"],
        "kills",
        "pytest -m long -s tests/core/test_atomic.py tests/speechbrain/test_killed_savers.py",
        "Processes that save in a loop get SIGKILL at random moments, 1,000 of them saving states "
        "of drivers and 100 saving with torch; each file is loaded afterwards.",
        "Power cuts and network disks: each file is synced before it takes its name, which no test "
        "here can prove. Files that a script writes itself with `torch.save` are as safe as it "
        "makes them.",
        short=_TIME,
    ),
    Row(
        "R8b",
        "A disk that fails at any call of a save leaves the old file, nothing beside it, and the "
        "next save succeeds.",
        250,
        "failures",
        "pytest -s tests/core/test_write_faults.py",
        "Each call to open, write, sync, rename and change permissions fails once with no space, "
        "quota, input/output and read-only errors, for each of six kinds of files; writes are also "
        "cut short and interrupted.",
        "The files of a web browser's downloads, and of Keras checkpoints, which Keras writes.",
    ),
    Row(
        "R9",
        "Ranks of a distributed run have the same rates and weights after every evaluation, or all "
        "of them get an error; none waits for ever.",
        2 * 30 * GOALS["R9"],
        "scenarios, on 2 and on 4 ranks",
        "pytest -m long -s tests/torch/test_agreement_scenarios.py",
        "Ten kinds of metrics (other ones on each rank, missing, NaN, infinite, no number) are "
        "combined with three ways to train (each batch, accumulated with groups in another order, "
        "an update skipped on one rank) for 20 seeds in one gloo group.",
        "NCCL and more than one machine; ranks that die or stay away are in "
        "`tests/torch/test_agreement.py`.",
        short=_TIME,
    ),
    Row(
        "R10",
        "A run that goes on with 1, 2 or 4 ranks, or another batch or accumulation, goes on from "
        "the same point of its curve and ends at its end.",
        45,
        "changes of ranks at five points",
        "pytest -m long -s tests/torch/test_elastic_points.py",
        "Real gloo processes save at five points and go on with each number of ranks; at three of "
        "the points the batch changes and at one the accumulation.",
        "Changes during an epoch of a real data loader (`tests/torch/test_elastic.py` has one "
        "between epochs), and what the optimizer makes of another batch.",
    ),
    Row(
        "R11",
        "A plan file, whatever is in it, is a plan or one error of ours, within a second and 100 "
        "MB.",
        3 * GOALS["R11"],
        "random files in YAML, JSON and TOML",
        f"{SEARCH} tests/plans/test_fuzz.py",
        "Hypothesis mutates good plans and draws nested data, text and bytes.",
        "Files above 64 KiB, which are refused unread.",
        EXAMPLES,
        short=_TIME,
    ),
    Row(
        "R11b",
        "The same for bytes that a fuzzer composes while it watches which code they reach.",
        1_800,
        "seconds of fuzzing",
        "make fuzz RUNS=-1 SECONDS=1800",
        "Atheris drives the readers of YAML, JSON, TOML and expressions; a crash, any other "
        "exception, ten seconds or 100 MB would stop it.",
        "The readers of other projects' files.",
        r"Done \d+ runs in (\d+) second",
        short=_TIME,
    ),
    Row(
        "R12",
        "No file or text that is read runs code, opens a file or a socket, or starts a process.",
        40,
        "hostile inputs",
        "pytest tests/plans/test_hostile.py tests/peers/test_hostile.py "
        "tests/peers/shell/test_hostile.py",
        "Plans, expressions, scripts and shell files with tags of YAML, imports, attribute chains "
        "and bombs are read in a process whose audit hook reports every such event.",
        "`--import MODULE` and `--imports`, which run the code that you name; `torch.load` of a "
        "checkpoint without `weights_only`, which is yours.",
        PASSED,
    ),
    Row(
        "R13",
        "The studio answers no request with a fault of the server, and none from another site.",
        20_000,
        "random requests",
        f"{SEARCH} tests/studio/test_fuzz.py",
        "Requests with mutated texts, wrong types and raw bytes go to every question; "
        "`tests/studio/test_guard.py` asks 1,000 paths outside of the page, foreign hosts and "
        "origins, and keeps 100 slow clients open.",
        "Browsers other than Chromium; a server that is reachable from other machines, which the "
        "studio is not.",
        EXAMPLES,
        short=_TIME,
    ),
    Row(
        "R14",
        "Everything that version 0.1 wrote is read, with the same numbers, bit for bit.",
        10_000,
        "numbers",
        "pytest -m long -s tests/golden",
        "Version 0.1 is run from git and writes states, plans, histories, races and checkpoints of "
        "every binding; the current code reads them and computes every value.",
        "Pickles of Python objects, which are read for now and promised to nobody; 0.2 reading the "
        "files of later versions.",
        r"(\d+) numbers are the same",
        short="version 0.1 is taken from git, so it needs the whole repository, with its history.",
    ),
    Row(
        "R15",
        "Schedules may be evaluated by several threads, and no metric of any thread is lost.",
        8 * GOALS["R15"],
        "evaluations in 8 threads",
        "pytest -m long -s tests/core/test_threads.py",
        "Eight threads evaluate the same schedules while Python switches between them every "
        "microsecond; values are those of one thread, and every metric is counted.",
        "Python without a global lock, and optimizers that several threads step.",
    ),
    Row(
        "R16",
        "A change of the code is noticed by a test: mutants of the core, the driver and the torch "
        "binding are killed.",
        90,
        "% of mutants",
        "make mutants MUTATE='core drive torch'",
        "mutmut makes the mutants, one operator, constant or argument at a time, and the tests "
        "that reach each are run, those first that are about it. The figure is the lowest of "
        "core, driver and torch binding, rounded down. Measured in parts from 30 November to 1 "
        "December 2026: core, whole, with four seconds of tests for a mutant, 5,390 of 5,875 "
        "killed (91.7 %); driver, 1,156 of 1,251 that were drawn of 4,333 (92.4 %); torch "
        "binding, 462 of 500 that were drawn of 2,762 (92.4 %, with a 95 % interval of 90 to 94),"
        " and of the callbacks for trainers, whole, 220 of 221.",
        "Mutants that change nothing: some are listed with a reason, most survivors are not. The "
        "bindings of Keras, JAX and SpeechBrain, and the commands.",
        r"killed: (\d+) ?%",
        short=_TIME,
    ),
    Row(
        "R17",
        "Tests reach every branch of the core.",
        100,
        "% of branches and lines of the core",
        "make coverage",
        "Coverage.py watches the tests of the core, the driver, the checks, the pictures and the "
        "release, rounded down.",
        "Whether a test would notice a change: that is R16. Lines that raise AssertionError, which "
        "nothing may reach, and those for type checkers are not counted.",
        r"(?m)^TOTAL.*?(\d+)%$",
        short=_TIME,
    ),
    Row(
        "R18",
        "A killed writer of a race loses at most the run that it was writing; all others keep "
        "every line.",
        GOALS["R18"],
        "times four processes of 10,000 lines",
        "pytest -m long -s tests/race/test_killed_writers.py",
        "Four processes append to their ledgers at once, with lines of up to 60 kB, one is killed "
        "at a random moment, and every line is read back.",
        "Several processes that write one file, which the lock of a race refuses.",
        short=_TIME,
    ),
    Row(
        "R19",
        "The tests do not depend on their order, on hashes, or on luck.",
        10,
        "runs of the whole suite in random order",
        "make test-random",
        "Each run has an order and a PYTHONHASHSEED of its own. The ten were made from 30 "
        "November to 1 December 2026, most of them beside other jobs, with these seeds: 739019561"
        " (13,599 tests), 3394508110 (13,711), 3461484545 and 3497678354 (13,740 each), "
        "3447076329, 190101247, 1789138667, 872478974 and 2992767571 (13,735 each), and "
        "3633372951 (13,812, the `make test` of a new clone). Three more met a fault each, or "
        "two, which were mended then: 2613541745 a key that the studio lost in the frame in which"
        " a dialog closes, and a ramp between equal ends that was off by a unit in the last "
        "place; 29028154 a worker of a race that Ctrl-C met while it started; 3145886939 that the"
        " studio closed every handler of Python's logging in its process.",
        "Machines much slower than two cores, and two busy loops per core beside the tests, which "
        "`make test-busy` starts.",
        r"\| \d+ \| \d+ \| \d+ \| 0 \| \d+ \|()",
    ),
)

"""torchtitan: the ``[lr_scheduler]`` section of its TOML, a warm-up, a stable part and a decay."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any, Literal

from gradatim.core.combine import join
from gradatim.core.decays import Constant
from gradatim.core.ramps import Cosine, Linear, OneMinusSqrt
from gradatim.core.schedule import Schedule
from gradatim.errors import GradatimError
from gradatim.peers.arguments import NonNegative, Number, PositiveSteps, Steps
from gradatim.peers.found import Found, Given, Read
from gradatim.peers.peer import Peer
from gradatim.peers.settings import Place, References, Section, Setting, sections
from gradatim.peers.settings.entries import in_one_line, read_with_rate

TORCHTITAN = Peer("torchtitan")
NAME = "[lr_scheduler]"
_CURVES: Mapping[str, type[Cosine | Linear | OneMinusSqrt]] = {
    "linear": Linear,
    "sqrt": OneMinusSqrt,
    "cosine": Cosine,
}
_OLDER = "Versions before June 2025 divide their phases by other numbers of updates, by one or two."


@TORCHTITAN.scheduler(NAME)
def warmup_stable_decay(
    warmup_steps: Steps = 200,
    total_steps: PositiveSteps | None = None,
    decay_ratio: NonNegative | None = None,
    decay_type: Literal["linear", "sqrt", "cosine"] = "linear",
    min_lr_factor: NonNegative = 0.0,
    *,
    lr: Number,
    steps: PositiveSteps | None = None,
) -> Read:
    """The first update is one step up the warm-up, and the last one step above the end."""
    total = total_steps or steps
    if total is None:
        raise GradatimError("training.steps is not known. Write --steps, the updates of the run.")
    up = min(warmup_steps, total)
    down = total - up if decay_ratio is None else min(round(total * decay_ratio), total - up)
    stable = total + 1 - up - down
    # Both ends of the stable part are in the phases beside it: the end of the warm-up, the first
    # value of the decay.
    rise = (Linear(0.0, lr, up).shift(-1),) if up > 1 else ()
    if not down:
        return Read({"lr": join(*rise, Constant(lr))}, differences=(_OLDER,))
    level = stable if up else stable - 1
    hold = (Constant(lr, level),) if level else ()
    fall: Schedule = _CURVES[decay_type](lr, lr * min_lr_factor, down)
    return Read({"lr": join(*rise, *hold, fall)}, differences=(_OLDER,))


@TORCHTITAN.finds_in_settings
def find(tree: Setting) -> Iterator[Found]:
    """Each ``lr_scheduler`` beside an optimizer and the settings of the training."""
    for place, section in sections(tree):
        entry = section.entries.get("lr_scheduler", Setting(None, 1))
        known = entry.entries.keys() & {"warmup_steps", "decay_ratio", "min_lr_factor", "lr_min"}
        if known and "steps" in section.entries.get("training", entry).entries:
            read = partial(_read, tree, section, place)
            yield Found(entry.line, "torchtitan", in_one_line(NAME, entry.entries), read)


def _read(tree: Setting, section: Setting, place: Place, given: Given) -> Read:
    values = References(tree, given)
    entries = section.entries
    found = values.all(entries["lr_scheduler"].entries, (*place, "lr_scheduler"))
    if "lr_min" in found and "min_lr_factor" not in found:  # its older name
        found["min_lr_factor"] = found.pop("lr_min")
    bound = TORCHTITAN.bind(NAME, (), found)
    steps = given.steps
    if steps is None and found.get("total_steps") is None:
        training = Section(values, entries["training"], (*place, "training"))
        written: Any = training["steps"]
        steps = written if isinstance(written, int) else None

    optimizer = Section(values, entries.get("optimizer", Setting(None, 1)), (*place, "optimizer"))
    return read_with_rate(
        lambda lr: TORCHTITAN.means(NAME, bound, lr, steps),
        given,
        lambda: optimizer.get("lr"),
        True,
    )

"""Composer: the settings of llm-foundry, whose times are batches, samples, tokens or epochs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from typing import Any, NamedTuple

from gradatim.core.values.fields import check_argument
from gradatim.errors import GradatimError, invalid_value
from gradatim.peers.arguments import PositiveSteps, rounded
from gradatim.peers.composer import COMPOSER, batches
from gradatim.peers.found import Found, Given, Read
from gradatim.peers.settings import Place, References, Section, Setting, sections
from gradatim.peers.settings.entries import in_one_line, read_with_rate

_NAMES = {
    "constant_with_warmup": "ConstantWithWarmupScheduler",
    "cosine_with_warmup": "CosineAnnealingWithWarmupScheduler",
    "linear_decay_with_warmup": "LinearWithWarmupScheduler",
    "inv_sqrt_with_warmup": "InverseSquareRootWithWarmupScheduler",
}
_TIMES = ("t_warmup", "t_max", "t_scale", "t_cooldown")
_TIME = re.compile(r"([0-9.e+_]+)(ba|dur|ep|sp|tok)", re.IGNORECASE)


@COMPOSER.finds_in_settings
def find(tree: Setting) -> Iterator[Found]:
    """Each "scheduler" with the name of one of llm-foundry's, beside the duration of the run."""
    for place, section in sections(tree):
        entry = section.entries.get("scheduler", Setting(None, 1))
        name = entry.get("name")
        known = isinstance(name, str) and name in _NAMES
        if known and (entry.entries.keys() & _TIMES or "max_duration" in section.entries):
            read = partial(_read, tree, section, place)
            yield Found(entry.line, "composer", in_one_line("scheduler", entry.entries), read)


def _read(tree: Setting, section: Setting, place: Place, given: Given) -> Read:
    values = References(tree, given)
    run = Section(values, section, place)
    arguments = dict(run["scheduler"])
    name = _NAMES[arguments.pop("name")]
    if run.get("scale_schedule_ratio", 1.0) != 1.0:
        raise GradatimError("scale_schedule_ratio stretches all times. Write them out without it.")
    times = _Times(run, given)
    for key in _TIMES:
        if key in arguments:
            arguments[key] = times.in_batches(key, arguments[key])
    needs_run = "t_max" in COMPOSER.parameters(name) and "t_max" not in arguments
    steps = times.total() if needs_run else given.steps
    said, up = times.said(), batches("t_warmup", arguments.get("t_warmup", "0ba"), steps)
    if needs_run and steps is not None and up >= steps:
        said.append(f"The run of {steps} batches ends in the warm-up.")
        peak = arguments.get("alpha_i", 1.0)
        name, arguments = _NAMES["constant_with_warmup"], {"t_warmup": f"{up}ba", "alpha": peak}
    bound = COMPOSER.bind(name, (), arguments)
    found = read_with_rate(
        lambda lr: COMPOSER.means(name, bound, lr, steps), given, lambda: _rate(run), True
    )
    return found.saying(*said)


def _rate(run: Section) -> Any:
    """The rate of the optimizer beside the scheduler."""
    optimizer = run.get("optimizer")
    return optimizer.get("lr") if isinstance(optimizer, dict) else None


class _Times(NamedTuple):
    """The times of a run in batches; a batch there is one update."""

    run: Section
    given: Given

    def total(self) -> int:
        """The batches of the run."""
        if self.given.steps is not None:
            return self.given.steps
        if "max_duration" not in self.run:
            raise GradatimError("max_duration is not in the file. Write --steps.")
        value, unit = _parsed("max_duration", self.run["max_duration"])
        if unit == "ep" and self.given.every is None:
            raise GradatimError(
                f"max_duration is {value:g} epochs. Write --steps, the updates of the run, or "
                "--every, those of an epoch."
            )
        return self._batches("max_duration", value, unit)

    def in_batches(self, name: str, time: Any) -> str:
        """A time as Composer converts it, in batches: "500ba"."""
        value, unit = _parsed(name, time)
        if unit == "dur":
            whole, unit = _parsed("max_duration", self.run.get("max_duration", "1ep"))
            if unit in ("ep", "dur") or self.given.steps is not None:
                value, unit = int(value * self.total()), "ba"
            else:
                value = int(value * whole)
        return f"{self._batches(name, value, unit)}ba"

    def _batches(self, name: str, value: float, unit: str) -> int:
        if unit == "ep":
            if self.given.every is None:
                raise GradatimError(f"{name} counts epochs. Write --every, the updates of one.")
            value *= self.given.every
        if unit in ("sp", "tok"):
            value /= self._whole("global_train_batch_size")
        if unit == "tok":
            value /= self._whole("max_seq_len")
        batches = rounded(value)
        if not isinstance(batches, int) and float(batches).is_integer():
            batches = int(batches)
        if not isinstance(batches, int):
            raise GradatimError(
                f"{name} is no whole number of batches: {value:g}. Write it in batches, such as "
                f"'{value:.0f}ba'."
            )
        return batches

    def _whole(self, name: str) -> int:
        value = self.run[name] if name in self.run else self.given.value(name)
        number: int = check_argument("composer", name, PositiveSteps, value)
        return number

    def said(self) -> list[str]:
        """What is not the same where lengths are counted otherwise than in batches."""
        written = str(self.run.get("max_duration", ""))
        if not written:
            return []
        value, unit = _parsed("max_duration", written)
        if unit == "tok":
            return ["Its batches are taken to be full: max_seq_len tokens in each sample."]
        other = unit == "ba" and self.given.steps not in (None, value)
        changed = (
            f"The file has max_duration={written}, and this is for {self.given.steps} updates."
        )
        return [changed] if other else []


def _parsed(name: str, time: Any) -> tuple[float, str]:
    found = _TIME.fullmatch(time) if isinstance(time, str) else None
    try:
        return float(found[1]) if found else float("x"), found[2].lower() if found else ""
    except ValueError:
        allowed = "a time such as '500ba', '0.1dur', '2ep', '1000sp' or '1000tok'"
        hint = "OLMo has schedulers of the same names, with other rates: they are not read."
        raise invalid_value("composer", name, time, allowed, hint) from None

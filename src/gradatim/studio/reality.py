"""Plans against logs: the audit of a log, and the loss that a law predicts for each card."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from gradatim.core.run.by_updates import clock_for
from gradatim.core.run.run import Run
from gradatim.errors import GradatimError, unknown_name
from gradatim.studio.body import Body, Data
from gradatim.studio.documents import learning_rate, on_run, read_card, read_run, read_text
from gradatim.studio.dropped import DroppedLogs

if TYPE_CHECKING:
    from gradatim.audit.audit import RateAudit
    from gradatim.forecast import Forecast

_MOST_CARDS = 40
_MOST_METRICS = 10_000
_DRAWN = 2_000
_REMEMBERED = 128


class Reality:
    """The answers that need the dropped logs.

    Args:
        logs: The logs.
    """

    def __init__(self, logs: DroppedLogs) -> None:
        self.logs = logs
        self._fitting = threading.Lock()
        self._fitted: dict[tuple[tuple[str, ...], float | None], Forecast] = {}

    def audit(self, body: Body) -> Data:
        """The rates of a log against a card, in sentences and as logged over planned."""
        from gradatim.audit import audit  # the page begins without it
        from gradatim.audit.lines import lines

        log = self.logs[body.text("log", 40)]
        plan = read_card(body) if body.data.get("text") else None
        try:
            found = audit(log.path, plan)
        except GradatimError as error:
            raise GradatimError(log.sentence(error)) from None
        return {
            "as_planned": found.as_planned,
            "lines": [line.replace(str(log.path), log.name) for line in lines(found)],
            "ratios": [_ratio(one) for one in found.rates if one.planned is not None],
        }

    def replay(self, body: Body) -> Data:
        """The factor of a rule of a card after each of some metrics, or of the losses of a log."""
        plan, value = read_card(body), body.text("value", 200)
        if value not in plan.rules:
            raise unknown_name("studio", "rule of", value, plan.rules)
        metrics = body.numbers("metrics", _MOST_METRICS) or self._losses(body.text("log", 40))
        return {"scales": plan.rules[value].replay(metrics)}

    def _losses(self, key: str) -> list[float]:
        from gradatim.logs import read_log  # the page begins without it

        log = self.logs[key]
        try:
            losses = read_log(log.path).losses
        except GradatimError as error:
            raise GradatimError(log.sentence(error)) from None
        if len(losses) > _MOST_METRICS:
            raise GradatimError(f"{log.name} has more than {_MOST_METRICS:,} losses.")
        return [losses[step] for step in sorted(losses)]

    def close_log(self, body: Body) -> Data:
        """Forget a log."""
        self.logs.drop(body.text("log", 40))
        return {}

    def forecast(self, body: Body) -> Data:
        """The predicted loss of each card, by a law that is fitted once to some logs.

        Without its curve it is that at the end of the run alone, which takes less time.
        """
        fitted = self._fit(body.texts("logs", 4), body.number("weight_decay"))
        run, curve = read_run(body), body.data.get("curve") is True
        texts = body.texts("texts", _MOST_CARDS)
        return {"predictions": [_predicted(fitted, text, run, curve) for text in texts]}

    def _fit(self, keys: Sequence[str], weight_decay: float | None) -> Forecast:
        known = tuple(sorted(keys)), weight_decay
        with self._fitting:  # two requests at a time would fit the same law twice
            if known not in self._fitted:
                self._fitted[known] = self._new_fit(*known)
            return self._fitted[known]

    def _new_fit(self, keys: Sequence[str], weight_decay: float | None) -> Forecast:
        from gradatim.forecast import fit  # the page begins without it
        from gradatim.logs import read_log

        curves = []
        for key in keys:
            log = self.logs[key]
            try:
                curve = read_log(log.path).curve(weight_decay=weight_decay)
            except GradatimError as error:
                raise GradatimError(log.sentence(error)) from None
            curve.name = log.name
            curves.append(curve)
        return fit(curves)


def _ratio(one: RateAudit) -> Data:
    """Logged over planned at each logged step at which the planned rate is not 0."""
    import numpy as np

    assert one.planned is not None
    planned = one.planned.at(one.series.steps)
    kept = np.flatnonzero(planned != 0.0)
    kept = kept[np.unique(np.linspace(0, max(len(kept) - 1, 0), _DRAWN).astype(int))]
    ratios = one.series.rates[kept] / planned[kept]
    return {
        "name": one.series.name,
        "target": one.target,
        "steps": one.series.steps[kept].tolist(),
        "values": ratios.tolist(),
    }


@lru_cache(_REMEMBERED)
def _predicted(fitted: Forecast, text: str, run: Run | None, curve: bool) -> Data:
    """The loss that a law predicts for a card; of the others, which do not change, it is known."""
    try:
        plan = on_run(read_text(text), run)
        rate = learning_rate(plan)
        if clock_for(plan[rate], plan.run) != "updates":
            raise GradatimError(f"The laws count updates, and {rate} follows another clock.")
        end = None if plan.steps is None or curve else [plan.steps - 1]
        found = fitted.predict(plan[rate], plan.steps, at=end)
    except GradatimError as error:
        return {"error": f"{error}"}
    final = found.final
    return {
        "final": [final.mean, final.low, final.high],
        "steps": found.steps.tolist(),
        "mean": found.mean.tolist(),
        "low": found.low.tolist(),
        "high": found.high.tolist(),
        "notes": list(found.notes),
    }

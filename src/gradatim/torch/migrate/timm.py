"""The schedulers of ``timm.scheduler``, read by their attributes; timm need not be installed."""

from __future__ import annotations

from typing import Any

from gradatim.convert.meaning import timm as meaning
from gradatim.core.schedule import Schedule
from gradatim.torch.migrate.classes import in_a_chain
from gradatim.torch.migrate.metrics import plateau_rule
from gradatim.torch.migrate.reading import Carried, Rates, number, reads


@reads("timm", *meaning.SCHEDULERS)
def curve(scheduler: Any, rates: Rates | None) -> Carried:
    """A curve from the rate of each group, times the "lr_scale" that timm gives some groups."""
    name = next(b.__name__ for b in type(scheduler).__mro__ if b.__name__ in meaning.SCHEDULERS)
    if rates is not None:
        raise in_a_chain(name, "writes rates of its own over those of the others")
    bases = [number(rate) for rate in scheduler.base_values]
    groups = scheduler.optimizer.param_groups

    def of_group(i: int) -> Schedule:
        found = meaning.schedule(name, vars(scheduler), bases[i])
        scale = groups[i].get("lr_scale", 1.0)
        return found if scale == 1.0 else scale * found

    values = {(scheduler.param_group_field, i): of_group(i) for i in range(len(bases))}
    if name != "PlateauLRScheduler":
        return Carried(values)
    return Carried(values, plateau_rule(scheduler.lr_scheduler)(bases))

"""The questions that the page asks, each a function from a ``Body`` to plain data."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from gradatim.look.palette import DASHES
from gradatim.studio.body import Body, Data
from gradatim.studio.curves import UNITS, View, curves_of, units_of
from gradatim.studio.documents import read_card
from gradatim.studio.session import Session

_WIDEST = 8_000


class Api:
    """The answers to the page, for one session."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.answers: Mapping[str, Callable[[Body], Data]] = {"curves": curves}

    def start(self) -> Data:
        """What the page begins with."""
        return {
            "cards": [{"name": one.name, "text": one.text} for one in self.session.opened],
            "dashes": [list(dash) for dash in DASHES],
        }


def curves(body: Body) -> Data:
    """The curves of a card in view."""
    plan = read_card(body)
    view = View(
        body.choice("unit", UNITS),
        body.number("start"),
        body.number("end"),
        body.number("whole") or 0.0,
        body.integer("columns", 1, _WIDEST),
    )
    clock = "updates" if plan.run is None else plan.run.clock
    return {"curves": curves_of(plan, view), "units": units_of(plan.run, clock)}

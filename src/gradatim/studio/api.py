"""The questions that the page asks, each a function from a ``Body`` to plain data."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from gradatim.look.palette import DASHES
from gradatim.studio.body import Body, Data
from gradatim.studio.bring_in import read_snippet
from gradatim.studio.completion import complete
from gradatim.studio.curves import UNITS, View, curves_of, units_of
from gradatim.studio.documents import read_card
from gradatim.studio.form import calls_of, form, run_form
from gradatim.studio.gallery import gallery
from gradatim.studio.judge import compare, judge
from gradatim.studio.reality import Reality
from gradatim.studio.session import Session
from gradatim.studio.take_away import export, forms

_WIDEST = 8_000


class Api:
    """The answers to the page, for one session."""

    def __init__(self, session: Session) -> None:
        self.session = session
        reality = Reality(session.logs)
        self.answers: Mapping[str, Callable[[Body], Data]] = {
            "audit": reality.audit,
            "close_log": reality.close_log,
            "compare": compare,
            "complete": complete,
            "curves": curves,
            "export": export,
            "forecast": reality.forecast,
            "form": form,
            "forms": forms,
            "gallery": gallery,
            "judge": judge,
            "replay": reality.replay,
            "run_form": run_form,
            "snippet": read_snippet,
        }

    def start(self) -> Data:
        """What the page begins with."""
        return {
            "cards": [{"name": one.name, "text": one.text} for one in self.session.opened],
            "logs": self.session.logs.described(),
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
    calls = calls_of(body.text("text"))
    return {
        "curves": curves_of(plan, view),
        "units": units_of(plan.run, clock),
        "rules": list(plan.rules),
        "title": calls[0].name if calls and not calls[0].about else "plan",
    }

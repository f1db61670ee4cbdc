"""Which update of the run a step of an optimizer belongs to."""

from __future__ import annotations

# No optimizer has stepped since the start or the last load: whichever steps next begins an update.
_NONE = 2**31


class Updates:
    """Counts the updates that one optimizer, or several together, make.

    An update begins when an optimizer steps that is not later in the list than the last one that
    stepped. That is right if some skip a step, or step only every second update.

    Args:
        optimizers: How many there are.
        only: The index of the optimizer whose steps alone are the updates, if there is one. Steps
            of the others before it belong to the same update.
    """

    position: int
    """The completed updates."""

    last_was_counted: bool | None
    """Whether the last step was a real one; None before any, and after a load."""

    order: tuple[int, int] | None
    """Two optimizers of which the first one stepped first though it is later in the list."""

    def __init__(self, optimizers: int = 1, only: int | None = None) -> None:
        self._optimizers, self.only = optimizers, only
        self.begin(0)

    def begin(self, position: int, last: int | None = None) -> None:
        """Go on after this many updates; ``last`` is the optimizer that stepped last, if known."""
        self.position = position
        self._last = self._last_before = _NONE if last is None else last
        self.last_was_counted, self._began = None, True
        self._first, self._second, self.order = 0, position + 2, None

    def advance(self, position: int) -> None:
        """Take up updates that no optimizer reported."""
        self.begin(position)
        self.last_was_counted = True

    @property
    def last(self) -> int | None:
        """The optimizer that stepped last, if others may still make the same update."""
        return self._last if self.only is None and self._last < self._optimizers - 1 else None

    def begins_with(self, optimizer: int) -> bool:
        """Whether the next step of this optimizer begins an update."""
        return optimizer <= self._last if self.only is None else optimizer == self.only

    def is_open_for(self, optimizer: int) -> bool:
        """Whether this optimizer still has a step to make in the update that began last."""
        return self.only is None and optimizer > self._last

    def is_last(self, optimizer: int) -> bool:
        """Whether no other optimizer steps after this one in the same update."""
        return optimizer == (self._optimizers - 1 if self.only is None else self.only)

    def before(self, optimizer: int) -> int:
        """The completed updates before the one that this optimizer's next step belongs to."""
        return self.position - self.is_open_for(optimizer)

    def stepped(self, optimizer: int) -> bool:
        """Take up a real step of this optimizer; whether it completes an update."""
        last = self._last
        self._began = optimizer <= last if self.only is None else optimizer == self.only
        self._last_before, self._last, self.last_was_counted = last, optimizer, True
        self.position += self._began
        if self._began and self.position <= self._second:
            if self.position < self._second:
                self._first = optimizer
            elif optimizer < self._first:
                self.order = self._first, optimizer
        return self._began

    def skipped(self) -> None:
        """Take up a step that was void: it changed nothing."""
        self.last_was_counted = False

    def retract(self) -> bool:
        """Take the last step back; whether an update is taken back with it."""
        if self.last_was_counted is False or not self._began:
            return False
        self.begin(self.position - 1, self._last_before)
        return True

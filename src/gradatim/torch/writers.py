"""Writing a row of values into parameter groups, with no work per group that all groups share."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from operator import is_
from typing import Any

import torch
from torch import Tensor

from gradatim.torch.groups import Entry, Group

Row = tuple[float, ...]


class Writer:
    """Writes rows into groups, which must stay what they were when this was made.

    Args:
        groups: The parameter groups.
        columns: Each entry to write, and for each group the column of the row that serves it.
    """

    def __init__(
        self, groups: Sequence[Group], columns: Iterable[tuple[Entry, Sequence[int]]]
    ) -> None:
        self._groups = list(groups)
        self._floats: list[tuple[str, int]] = []
        self._tensors: list[tuple[Tensor, int]] = []
        self._own: list[tuple[str, Sequence[int]]] = []
        self._own_tensors: list[tuple[Tensor, Sequence[int]]] = []
        self._single: list[tuple[Entry, Sequence[int]]] = []
        self._held: list[tuple[Entry, list[Any]]] = []
        # Each tensor and how often it had been written to, by anyone, when that was done here.
        self._written: list[tuple[Tensor, int]] = []
        for entry, serving in columns:
            held = [entry.held(group) for group in groups]
            shared = len(set(serving)) == 1
            if entry.slot is None and held and all(type(one) is float for one in held):
                if shared:
                    self._floats.append((entry.key, serving[0]))
                else:
                    self._own.append((entry.key, serving))
            elif held and (flat := _flat(held)) is not None:
                if shared:
                    self._tensors.append((flat, serving[0]))
                else:
                    self._own_tensors.append((flat, serving))
                self._held.append((entry, held))
            else:
                self._single.append((entry, serving))
        self._flats = [flat for flat, _ in (*self._tensors, *self._own_tensors)]

    @property
    def only(self) -> tuple[str, int] | None:
        """The key and the column, if all there is to write is one float, the same for all."""
        others = (self._tensors, self._own, self._own_tensors, self._single)
        return self._floats[0] if len(self._floats) == 1 and not any(others) else None

    def fits(self, groups: Sequence[Group]) -> bool:
        """Whether the groups are those they were, with the tensors they had."""
        return (
            len(groups) == len(self._groups)
            and all(map(is_, groups, self._groups))
            and all(all(map(is_, map(entry.held, groups), held)) for entry, held in self._held)
        )

    def seems_to_fit(self, groups: Sequence[Group]) -> bool:
        """Whether the groups are those they were as far as their number, first and last tell."""
        ours = self._groups
        return len(groups) == len(ours) and groups[0] is ours[0] and groups[-1] is ours[-1]

    def stands(self, groups: Sequence[Group], row: Row) -> bool:
        """Whether a row still stands where it was written, as far as the first group tells."""
        if self._single:
            return False
        first = groups[0]
        for key, column in self._floats:
            if first[key] is not row[column]:
                return False
        for key, columns in self._own:
            if first[key] is not row[columns[0]]:
                return False
        for flat, version in self._written:  # noqa: SIM110  all() takes three times as long
            if flat._version != version:
                return False
        return True

    def write(self, groups: Sequence[Group], row: Row) -> None:
        """Write a row into the groups."""
        for key, column in self._floats:
            value = row[column]
            for group in groups:
                group[key] = value
        for flat, column in self._tensors:
            flat.fill_(row[column])
        for key, columns in self._own:
            for group, column in zip(groups, columns, strict=True):
                group[key] = row[column]
        for flat, columns in self._own_tensors:
            flat.copy_(torch.tensor([row[column] for column in columns], dtype=torch.float64))
        if self._flats:
            self._written = [(flat, flat._version) for flat in self._flats]
        for entry, serving in self._single:
            for group, column in zip(groups, serving, strict=True):
                entry.write(group, row[column])


def _flat(held: Sequence[Any]) -> Tensor | None:
    """One tensor whose memory all these tensors share from now on; None if they cannot.

    Each keeps its identity, so that compiled code and whoever else holds it sees what is written.
    They cannot if they differ in type or device, or are part of a graph of gradients.
    """
    first = held[0]
    if not isinstance(first, Tensor):
        return None
    for one in held:
        if type(one) is not Tensor or one.requires_grad or one.is_inference():
            return None
        if one.layout is not torch.strided:
            return None
        if (one.dtype, one.device) != (first.dtype, first.device):
            return None
    if len(held) == 1:
        return first
    if not _in_a_row(held):
        # Once only: a captured graph knows a tensor by its place in memory.
        flat = torch.stack([one.detach().reshape(()) for one in held])
        for place, one in zip(flat.unbind(), held, strict=True):
            one.data = place.view(one.shape)
    return first.as_strided((len(held),), (1,))


def _in_a_row(held: Sequence[Tensor]) -> bool:
    """Whether these tensors lie side by side in one memory already."""
    memory, begin = held[0].untyped_storage().data_ptr(), held[0].storage_offset()
    places = [(one.untyped_storage().data_ptr(), one.storage_offset()) for one in held]
    return places == [(memory, begin + i) for i in range(len(held))]

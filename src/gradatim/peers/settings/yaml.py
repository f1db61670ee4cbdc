"""YAML of other projects: PyYAML yields events, and nothing is constructed from its tags.

Tags are kept as text. Anchors, aliases and merge keys are followed, and what an alias repeats
counts again, so that a short text cannot stand for a large tree.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from gradatim.core.build import at_line
from gradatim.errors import GradatimError
from gradatim.peers.settings.tree import DEEPEST, MOST, Setting, plain_scalar
from gradatim.plans.tree import shown, too_deep, too_many

_STANDARD = "tag:yaml.org,2002:"


def read_yaml(text: str) -> Setting:
    """The tree of a YAML text; several documents are a list.

    Raises:
        GradatimError: With the line, for what is not YAML, a key that comes twice or is no scalar,
            an alias without its anchor, and data that is too deep or too large.
    """
    try:
        import yaml
    except ModuleNotFoundError:
        raise GradatimError(
            "settings in YAML need the package PyYAML, which is not installed. "
            'Write pip install "gradatim[cli]".'
        ) from None
    builder = _Builder()
    try:
        for event in yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
            builder.take(event, type(event).__name__.removesuffix("Event"))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        reason = str(error.problem or error.context or "unreadable").split("\n")[0]
        sentence = f"this is not YAML: {reason[:120]}."
        raise at_line(mark.line + 1 if mark else None, sentence) from None
    except yaml.YAMLError as error:
        reason = str(error).split("\n")[0]
        raise GradatimError(f"this is not YAML: {reason[:120]}.") from None
    documents = builder.documents
    return documents[0] if len(documents) == 1 else Setting(documents or None, 1)


class _Open(NamedTuple):
    """A mapping or a list whose end has not come yet."""

    setting: Setting
    anchor: str | None
    before: int
    """The values that were counted before it."""
    key: list[tuple[str, int]]
    """A key that has no value yet, and its line."""
    merged: list[Setting]
    """What ``<<`` adds to a mapping."""


class _Builder:
    """Builds settings from events, with a stack of the open containers."""

    def __init__(self) -> None:
        self.documents: list[Setting] = []
        self.open: list[_Open] = []
        self.anchors: dict[str, tuple[Setting, int]] = {}
        self.count = 0

    def take(self, event: Any, kind: str) -> None:
        line = event.start_mark.line + 1
        if kind == "DocumentStart":
            self.anchors = {}
        elif kind == "Alias":
            self._alias(event.anchor, line)
        elif kind in ("MappingStart", "SequenceStart"):
            setting = Setting({} if kind == "MappingStart" else [], line, _tag(event))
            self.open.append(_Open(setting, event.anchor, self.count, [], []))
            self._counted(1, line)
            if len(self.open) > DEEPEST:
                raise too_deep(line, DEEPEST)
        elif kind in ("MappingEnd", "SequenceEnd"):
            self._close()
        elif kind == "Scalar":
            self._counted(1, line)
            self._scalar(event, line)

    def _scalar(self, event: Any, line: int) -> None:
        top = self.open[-1] if self.open else None
        if top is not None and isinstance(top.setting.value, dict) and not top.key:
            if event.value in top.setting.value:
                raise at_line(line, f"the key {shown(event.value)} comes twice.")
            top.key.append((event.value, line))
            return
        tag = _tag(event)
        quoted = event.style not in (None, "") and event.tag != f"{_STANDARD}float"
        as_text = tag or event.tag in ("!", f"{_STANDARD}str") or quoted
        value = event.value if as_text else plain_scalar(event.value)
        self._add(Setting(value, line, tag), event.anchor, 1)

    def _alias(self, anchor: str, line: int) -> None:
        if anchor not in self.anchors:
            raise at_line(line, f"*{anchor} has no anchor before it, or is inside of it.")
        setting, size = self.anchors[anchor]
        self._counted(size, line)
        self._add(setting._replace(line=line), None, size)

    def _close(self) -> None:
        done = self.open.pop()
        if isinstance(done.setting.value, dict):
            for other in done.merged:
                for key, entry in other.entries.items():
                    done.setting.value.setdefault(key, entry)
        self._add(done.setting, done.anchor, self.count - done.before)

    def _add(self, setting: Setting, anchor: str | None, size: int) -> None:
        if anchor is not None:
            self.anchors[anchor] = setting, size
        if not self.open:
            self.documents.append(setting)
            return
        top = self.open[-1]
        if isinstance(top.setting.value, list):
            top.setting.value.append(setting)
        elif isinstance(top.setting.value, dict):
            if not top.key:
                raise at_line(setting.line, "a key must be a scalar.")
            # Errors name the line of the key.
            key, line = top.key.pop()
            if key == "<<":
                top.merged.extend(_merged(setting))
            else:
                top.setting.value[key] = setting._replace(line=line)

    def _counted(self, more: int, line: int) -> None:
        self.count += more
        if self.count > MOST:
            raise too_many(line, MOST)


def _merged(setting: Setting) -> list[Setting]:
    """The mappings that ``<<`` adds, the first of which counts."""
    found = setting.value if isinstance(setting.value, list) else [setting]
    if any(not isinstance(one.value, dict) for one in found):
        raise at_line(setting.line, "<< must be a mapping or a list of mappings.")
    return found


def _tag(event: Any) -> str:
    tag = event.tag or ""
    return "" if tag == "!" or tag.startswith(_STANDARD) else tag

"""What references in settings stand for: ``${trainer.max_steps}``, ``!ref <epochs> * 2``."""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from gradatim.core.build import at_line
from gradatim.core.syntax_trees import expression_of
from gradatim.peers.found import Given, Missing
from gradatim.peers.settings.tree import Place, Setting
from gradatim.peers.syntax import ARITHMETIC

_OMEGACONF = re.compile(r"\$\{([^${}]*)\}")
_HYPERPYYAML = re.compile(r"<([^<>]+)>")
_NAME = re.compile(r"[A-Za-z_][\w-]*(\.[\w-]+|\[[\w-]+\])*")
_DEEPEST = 32
_LONGEST = 1_000


class References:
    """The values of a settings file, after its references are followed.

    Args:
        root: The tree of the whole file.
        given: What the user adds. It decides over the file, and a name that neither has is asked
            for.

    >>> tree = Setting({"lr": Setting("${base}", 1), "base": Setting(0.1, 2)}, 1)
    >>> References(tree, Given()).value(tree.entries["lr"], ("lr",))
    0.1
    """

    def __init__(self, root: Setting, given: Given) -> None:
        self.root, self.given = root, given

    def value(self, setting: Setting, place: Place, depth: int = 0) -> Any:
        """The plain data of a setting: numbers, texts, lists and dictionaries.

        Args:
            setting: The setting.
            place: Where it is: the name by which a value is asked for.
            depth: How many references led to it.

        Raises:
            GradatimError: For a value that the user has to give, and a reference without an end.
        """
        name, value = ".".join(place), setting.value
        if depth > _DEEPEST:
            raise at_line(setting.line, f"{name} refers to itself.")
        if isinstance(value, str) and setting.tag in ("!ref", "!copy"):
            return self._followed(setting, value, _HYPERPYYAML, depth)
        if setting.tag or value == "???":  # what code computes, and what OmegaConf calls missing
            return self.given.value(name)
        if isinstance(value, dict):
            return {key: self.value(entry, (*place, key), depth) for key, entry in value.items()}
        if isinstance(value, list):
            return [self.value(v, (*place, str(i)), depth) for i, v in enumerate(value)]
        if isinstance(value, str) and "${" in value:
            return self._followed(setting, value, _OMEGACONF, depth)
        return value

    def all(
        self,
        entries: Mapping[str, Setting],
        place: Place,
        change: Callable[[str, Any], Any] = lambda key, value: value,
    ) -> dict[str, Any]:
        """The values of several settings.

        Args:
            entries: The settings by their keys.
            place: Where the section that they are in is.
            change: What a key and its value stand for, if it is not that value.

        Raises:
            Missing: Naming all values that the user has to give.
        """
        found: dict[str, Any] = {}
        missing: dict[str, str] = {}
        for key, setting in entries.items():
            try:
                found[key] = change(key, self.value(setting, (*place, key)))
            except Missing as error:
                missing |= error.reasons
        if missing:
            raise Missing(missing)
        return found

    def _followed(self, setting: Setting, text: str, syntax: re.Pattern[str], depth: int) -> Any:
        """The value of one reference; else the text or the arithmetic with the values in it."""
        if whole := syntax.fullmatch(text.strip()):
            return self._named(whole[1].strip(), setting, depth)
        names = [match[1].strip() for match in syntax.finditer(text)]
        if len(text) > _LONGEST or not names:
            return self.given.value(text)
        values = {name: self._named(name, setting, depth) for name in names}
        replaced = syntax.sub(lambda match: str(values[match[1].strip()]), text)
        if syntax is _OMEGACONF:
            # What is left is a reference in a reference, which OmegaConf reads from inside out.
            return self.given.value(text) if "${" in replaced else replaced
        self._check_order(names, setting)
        return _computed(replaced)

    def _named(self, name: str, setting: Setting, depth: int) -> Any:
        found = self._find(name)
        if found is None or name in self.given.values:
            return self.given.value(name)
        return self.value(found, tuple(re.findall(r"[\w-]+", name)), depth + 1)

    def _find(self, name: str) -> Setting | None:
        """The setting of a name such as "trainer.max_steps" or "optimizers[0].lr"."""
        here: Setting | None = self.root if _NAME.fullmatch(name) else None
        for key in re.findall(r"[\w-]+", name):
            inner = here.value if here else None
            if isinstance(inner, list) and key.isdecimal() and int(key) < len(inner):
                here = inner[int(key)]
            else:
                here = inner.get(key) if isinstance(inner, dict) else None
        return here

    def _check_order(self, names: list[str], setting: Setting) -> None:
        """HyperPyYAML pastes what is computed further down as text, without brackets around it."""
        for name in names:
            other = self._find(name)
            if other and other.tag == "!ref" and other.line > setting.line:
                raise at_line(
                    setting.line,
                    f"<{name}> is computed further down, in line {other.line}. Move that line up.",
                )


class Section(Mapping[str, Any]):
    """A mapping of a settings file, whose values are found when they are asked for.

    A value that is a reference to something missing is thus asked of the user only if it is needed.
    """

    def __init__(self, references: References, setting: Setting, place: Place) -> None:
        self.references, self.setting, self.place = references, setting, place

    def __getitem__(self, key: str) -> Any:
        return self.references.value(self.setting.entries[key], (*self.place, key))

    def __iter__(self) -> Iterator[str]:
        return iter(self.setting.entries)

    def __len__(self) -> int:
        return len(self.setting.entries)


def _computed(text: str) -> Any:
    """The value of arithmetic between numbers; any other text as it is."""
    try:
        return _number(expression_of(text.strip()))
    except (SyntaxError, TypeError, ValueError, ArithmeticError, RecursionError, MemoryError):
        return text


def _number(node: ast.expr) -> int | float:
    value: Any = None
    if isinstance(node, ast.Constant):
        value = node.value
    elif isinstance(node, ast.BinOp) and type(node.op) in ARITHMETIC:
        value = ARITHMETIC[type(node.op)](_number(node.left), _number(node.right))
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError
    if not math.isfinite(value) or abs(value) > 2**63:
        raise ValueError
    return value

"""What the words of a shell script are, where the variables in them are known."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

from gradatim.core.build import Scalar
from gradatim.errors import GradatimError
from gradatim.peers.shell.arithmetic import calculate
from gradatim.peers.shell.tokens import Token, end_of_part
from gradatim.peers.shell.unknowns import BEGIN, BREAK, END, NOTE, UNKNOWN, Unknowns, Value, Word

_LONGEST, _MOST_WORK = 200_000, 10_000_000
_PLAIN = re.compile(r"[\w./:,=+@%^-]+")
_COMMENT = re.compile(r"(?m)(?:^|(?<=\s))#[^\n]*")
_PARAMETER = re.compile(
    r"(?P<length>#)?(?P<name>[A-Za-z_]\w*|[0-9]+|[@*#?!$-])"
    r"(\[(?P<index>[^\]]*)\])?(?P<operator>:?[-=+?]|##?|%%?|//?|:|\^\^?|,,?)?(?P<word>.*)",
    re.DOTALL,
)


class Expander:
    """Replaces variables by their values in the words of a script."""

    def __init__(self, given: Mapping[str, Scalar], run: Callable[[str, int], str | None]) -> None:
        self.given, self.substituted = given, run
        self.variables: dict[str, Value] = {}
        self.arguments: tuple[str, ...] | None = None
        """The arguments of the script or function; None where they are not known."""
        self.shifted = 0
        self.unknowns = Unknowns()
        self.looked_up: set[str] = set()
        self.used: set[str] = set()
        """The given names that are in the script."""
        self.line = 1
        self._work = 0

    def work(self, amount: int) -> None:
        """Count what is done, so that a short script cannot ask for endless work."""
        self._work += amount
        if self._work > _MOST_WORK:
            raise GradatimError(f"line {self.line}: the script is too long to follow.")

    def given_value(self, name: str) -> str | None:
        """The value that the user gives to a name."""
        if name not in self.given:
            return None
        self.used.add(name)
        return str(self.given[name])

    def value(self, name: str) -> Value | None:
        """The value of a variable; None if the script does not set it."""
        self.looked_up.add(name)
        if (given := self.given_value(name)) is not None:
            return given
        if name.isdigit() and name != "0":
            name = str(int(name) + self.shifted)
            if (given := self.given_value(name)) is not None:
                return given
            place = int(name) - 1
            known = self.arguments
            return None if known is None else known[place] if place < len(known) else ""
        if name in ("@", "*") and self.arguments is not None:
            return tuple(Word(text, self.line) for text in self.arguments[self.shifted :])
        return self.variables.get(name)

    def words(self, token: Token) -> list[Word]:
        """The words that one word of the script becomes."""
        self.line = token.line
        if _PLAIN.fullmatch(token.text):
            self.work(len(token.text))
            return [Word(token.text, token.line)]
        found: list[str] = []
        open_word = False
        for text, splits in self._parts(token.text, quoted=False):
            parts = text.split() if splits else text.split(BREAK)
            starts_new = splits and text[:1].isspace()
            for place, part in enumerate(parts):
                if open_word and place == 0 and not starts_new:
                    found[-1] += part
                else:
                    found.append(part)
                open_word = True
            if splits and text[-1:].isspace():
                open_word = False
        return [Word(text, token.line) for text in found]

    def text(self, raw: str) -> str:
        """A word as one text, as it is assigned or compared."""
        return "".join(text for text, _ in self._parts(raw, quoted=False)).replace(BREAK, " ")

    def heredoc(self, body: str) -> str:
        """The lines of a heredoc whose delimiter is not quoted."""
        return "".join(text for text, _ in self._inside_quotes(body))

    def _parts(self, raw: str, quoted: bool) -> Iterator[tuple[str, bool]]:
        """The parts of a word, and whether each is split at its spaces."""
        at = 0
        self.work(len(raw) + 1)
        while at < len(raw):
            end = end_of_part(raw, at)
            part = raw[at:end]
            match part[0]:
                case "\\":
                    yield part[1:].removeprefix("\n"), False
                case "'":
                    yield self._without_comments(part[1:-1]), False
                case '"':
                    yield from self._inside_quotes(self._without_comments(part[1:-1]))
                case "$" if part.startswith("$'"):
                    yield part[2:-1], False
                case "$" | "`":
                    if part == "$" and raw[end : end + 1] == '"':
                        part = ""  # $"..." is a text for translation
                    elif part == "$":
                        end, part = self._bare(raw, at)
                    yield self._value_of(part, quoted), not quoted
                case "<" | ">" if len(part) > 1:
                    yield self.unknowns.mark(part), False
                case _:
                    yield part, False
            at = end

    def _inside_quotes(self, raw: str) -> Iterator[tuple[str, bool]]:
        at = 0
        while at < len(raw):
            special = re.compile(r"[\\$`]").search(raw, at)
            if special is None:
                yield raw[at:], False
                return
            start = special.start()
            yield raw[at:start], False
            if raw[start] == "\\":
                at = start + 2
                following = raw[start + 1 : at]
                kept = "" if following == "\n" else following
                yield kept if following in ("\n", "\\", "$", '"', "`") else f"\\{kept}", False
                continue
            at = end_of_part(raw, start)
            part = raw[start:at]
            if part == "$":
                at, part = self._bare(raw, start)
            elif part.startswith("$'"):
                at, part = start + 1, ""
            yield self._value_of(part, True) if part else "$", False

    @staticmethod
    def _bare(raw: str, at: int) -> tuple[int, str]:
        """A variable without braces."""
        found = re.compile(r"\$([A-Za-z_]\w*|[0-9@*#?!$-])").match(raw, at)
        return (found.end(), found[0]) if found else (at + 1, "$")

    def _without_comments(self, raw: str) -> str:
        """Mark comments among flags in quotes: bash takes them for words, and nobody means that."""
        if "\n" not in raw or "#" not in raw or "--" not in raw:
            return raw

        def mark(found: re.Match[str]) -> str:
            return f" {NOTE}{self.line + raw.count(chr(10), 0, found.start())}{NOTE} "

        return _COMMENT.sub(mark, raw)

    def _value_of(self, part: str, quoted: bool) -> str:
        """The value of a variable, of arithmetic or of a command between these signs."""
        if part.startswith("$((") and part.endswith("))"):
            return self.calculated(part[3:-2])
        if part.startswith("$(") or part.startswith("`"):
            inside = part[2:-1] if part.startswith("$(") else part[1:-1]
            if (given := self.given_value(part)) is not None:
                return given
            found = self.substituted(inside, self.line)
            return self.unknowns.mark(part) if found is None else found.rstrip("\n")
        if part in ("", "$"):
            return part
        inside = part[2:-1] if part.startswith("${") else part[1:]
        found = self._parameter(inside, quoted)
        self.work(len(found))
        if len(found) > _LONGEST:
            raise GradatimError(
                f"line {self.line}: ${inside[:40]} has more than {_LONGEST} characters."
            )
        return found

    def calculated(self, text: str) -> str:
        """The value of an arithmetic expression, as digits."""
        expanded = "".join(part for part, _ in self._inside_quotes(text.replace('"', "")))

        def name(word: str) -> str:
            value = self.value(word)
            return self.unknowns.mark(word) if value is None else self._joined(value)

        if not UNKNOWN.search(expanded):
            expanded = re.sub(r"(?<![\w.])[A-Za-z_]\w*", lambda found: name(found[0]), expanded)
        if signs := UNKNOWN.findall(expanded):
            return "".join(f"{BEGIN}{key}{END}" for key in dict.fromkeys(signs))
        found = calculate(expanded)
        return self.unknowns.mark(f"$(({text}))") if found is None else str(found)

    def _joined(self, value: Value, sign: str = " ") -> str:
        return value if isinstance(value, str) else sign.join(word.text for word in value)

    def _parameter(self, inside: str, quoted: bool) -> str:
        found = _PARAMETER.fullmatch(inside)
        if found is None:
            return self.unknowns.mark(f"${{{inside}}}")
        name, index, operator, word = (
            found["name"],
            found["index"],
            found["operator"],
            found["word"],
        )
        value = self._entry(self.value(name), index, name in ("@", "*"))
        if name == "#" and not found["length"] and self.arguments is not None:
            return str(len(self.arguments) - self.shifted)
        if found["length"] and value is not None and not operator:
            return str(len(value))
        quoted = quoted and "*" not in (name, index)
        unset = value is None or (value == "" and (operator or "").startswith(":"))
        match (operator or "").lstrip(":"):
            case "-" if operator:
                return self.text_of_word(word) if unset else self._shown(value, quoted)
            case "=":
                if unset:
                    self.variables[name] = self.text_of_word(word)
                return self._shown(self.value(name), quoted)
            case "+":
                return "" if unset else self.text_of_word(word)
            case "?" | "":
                if value is not None and operator != ":":
                    return self._shown(value, quoted)
        if value is None:
            return self.unknowns.mark(name)
        changed = _cut(self._joined(value), operator or "", self.text_of_word(word))
        return self.unknowns.mark(f"${{{inside}}}") if changed is None else changed

    def text_of_word(self, raw: str) -> str:
        """The word behind an operator such as the one of ${X:-word}."""
        return self.text(raw) if raw else ""

    def _shown(self, value: Value | None, quoted: bool) -> str:
        return "" if value is None else self._joined(value, BREAK if quoted else " ")

    def _entry(self, value: Value | None, index: str | None, all_of: bool) -> Value | None:
        """The value, or one entry of an array."""
        if isinstance(value, str) or value is None or all_of or index in ("@", "*"):
            return value
        place = calculate(self.text(index)) if index else 0
        if place is None:
            return None
        return value[place].text if -len(value) <= place < len(value) else ""


def _cut(text: str, operator: str, pattern: str) -> str | None:
    """A text without its beginning or end, as ${X%.*} writes it; None if that is not known."""
    if BEGIN in text + pattern:
        return None
    if operator in ("^^", ",,") and not pattern:
        return text.upper() if operator == "^^" else text.lower()
    if operator in ("/", "//") and not set("*?[\\") & set(pattern):
        old, _, new = pattern.partition("/")
        return text.replace(old, new, 1 if operator == "/" else -1) if old else text
    if operator not in ("#", "##", "%", "%%") or set("?[\\") & set(pattern):
        return None
    if len(text) > 1000 or pattern.count("*") > 2:
        return None
    kept = re.escape(pattern).replace(r"\*", ".*" if len(operator) == 2 else ".*?")
    if operator.startswith("#"):
        found = re.match(kept, text, re.DOTALL)
        return text[found.end() :] if found else text
    lengths = range(len(text) + 1) if len(operator) == 2 else range(len(text), -1, -1)
    starts = (at for at in lengths if re.fullmatch(kept, text[at:], re.DOTALL))
    return text[: next(starts, len(text))]

"""The tokens of shell scripts: words, operators, redirections and heredocs, with their lines."""

from __future__ import annotations

import re
from typing import NamedTuple

from gradatim.errors import GradatimError

_DEEPEST = 40
_SPACE = re.compile(r"(?:[ \t]|\\\n)+")
_OPERATOR = re.compile(r";;&|;;|;&|&&|\|\||\|&|[;&|()]")
_REDIRECT = re.compile(r"&>>|&>|\d*(?:<<<|<<-|<<|>>|>&|<&|<>|>\||>|<)")
# What people write for a value that is to be filled in: LR=<learning rate>.
_PLACEHOLDER = re.compile(r"<[A-Za-z][^<>|;&\n]*[\w.)]>")
# A file that is what a command prints: diff <(ls a) <(ls b).
_PROCESS = re.compile(r"[<>]\(")
_PLAIN = re.compile(r"[^ \t\n;&|()<>\"'`$\\]+")
_ARRAY = re.compile(r"[A-Za-z_]\w*\+?=")


class Token(NamedTuple):
    """One word, operator or redirection as it is written, and its line."""

    kind: str
    """"word", "array" (an assignment of a list), "operator", "redirect" or "heredoc"."""
    text: str
    line: int
    words: tuple[Token, ...] = ()
    """The entries of an array."""


class _Scanner:
    def __init__(self, text: str, line: int) -> None:
        self.text, self.at, self.line = text, 0, line
        self.pending: list[tuple[str, bool, bool, int]] = []
        self.tokens: list[Token] = []

    def error(self, line: int, what: str) -> GradatimError:
        return GradatimError(f"line {line}: {what}")

    def move(self, to: int) -> str:
        """Go on to a place, and return what was passed."""
        passed = self.text[self.at : to]
        self.line += passed.count("\n")
        self.at = to
        return passed

    def scan(self, until: str = "") -> list[Token]:
        """The tokens up to the end, or up to a closing parenthesis."""
        found: list[Token] = []
        begun = self.line
        while True:
            if space := _SPACE.match(self.text, self.at):
                self.move(space.end())
            if self.at >= len(self.text):
                if until:
                    raise self.error(begun, "a parenthesis is not closed.")
                self.heredocs(found)
                return found
            sign = self.text[self.at]
            if sign == "#":
                end = self.text.find("\n", self.at)
                self.move(len(self.text) if end < 0 else end)
            elif sign == "\n":
                found.append(Token("operator", "\n", self.line))
                self.move(self.at + 1)
                self.heredocs(found)
            elif sign == until:
                self.move(self.at + 1)
                return found
            elif redirect := self.redirect():
                found.append(Token("redirect", redirect[0], self.line))
                self.move(redirect.end())
                if redirect[0].lstrip("0123456789") in ("<<", "<<-"):
                    self.begin_heredoc(redirect[0])
            elif self.text.startswith("((", self.at):
                line = self.line
                found.append(Token("word", self.move(self.skip_parentheses(self.at, 0)), line))
            elif operator := _OPERATOR.match(self.text, self.at):
                found.append(Token("operator", operator[0], self.line))
                self.move(operator.end())
            else:
                found.append(self.word())

    def redirect(self) -> re.Match[str] | None:
        no_redirect = _PLACEHOLDER.match(self.text, self.at) or _PROCESS.match(self.text, self.at)
        return None if no_redirect else _REDIRECT.match(self.text, self.at)

    def word(self) -> Token:
        line, start = self.line, self.at
        while self.at < len(self.text):
            after = self.skip_part(self.at, 0)
            if after == self.at:
                if self.text[self.at] == "(" and _ARRAY.fullmatch(self.text, start, self.at):
                    name = self.text[start : self.at]
                    self.move(self.at + 1)
                    entries = [t for t in self.scan(")") if t.kind in ("word", "array")]
                    return Token("array", name, line, tuple(entries))
                break
            self.move(after)
        return Token("word", self.text[start : self.at], line)

    def skip_part(self, at: int, depth: int) -> int:
        """The end of the part of a word that begins here; the same place if none does."""
        text = self.text
        if plain := _PLAIN.match(text, at):
            return plain.end()
        if at >= len(text):
            return at
        match text[at]:
            case "<" | ">" if text.startswith("(", at + 1):
                return self.skip_parentheses(at + 1, depth + 1)
            case "<":
                blank = _PLACEHOLDER.match(text, at)
                return blank.end() if blank else at
            case "\\":
                return min(at + 2, len(text))
            case "'":
                return self.skip_quoted(at, escapes=False)
            case '"':
                return self.skip_double(at, depth)
            case "`":
                return self.skip_quoted(at)
            case "$":
                return self.skip_dollar(at, depth)
        return at

    def skip_quoted(self, at: int, escapes: bool = True) -> int:
        """The place behind the next sign like the one here."""
        end, sign = at + 1, self.text[at]
        while end < len(self.text) and self.text[end] != sign:
            end += 2 if escapes and self.text[end] == "\\" else 1
        if end >= len(self.text):
            raise self.unclosed(at, "a backtick" if sign == "`" else "a quote")
        return end + 1

    def skip_double(self, at: int, depth: int) -> int:
        begun, at = at, at + 1
        while at < len(self.text):
            special = _IN_DOUBLE.search(self.text, at)
            if special is None:
                break
            at = special.start()
            match self.text[at]:
                case '"':
                    return at + 1
                case "\\":
                    at += 2
                case "`":
                    at = self.skip_quoted(at)
                case _:
                    at = self.skip_dollar(at, depth)
        raise self.unclosed(begun, "a quote")

    def skip_dollar(self, at: int, depth: int) -> int:
        following = self.text[at + 1 : at + 2]
        if following == "(":
            return self.skip_parentheses(at + 1, depth + 1)
        if following == "{":
            return self.skip_nested(at + 1, "{", "}", depth + 1)
        if following == "'":
            return self.skip_quoted(at + 1)
        return at + 1

    def skip_parentheses(self, at: int, depth: int) -> int:
        return self.skip_nested(at, "(", ")", depth)

    def skip_nested(self, at: int, opening: str, closing: str, depth: int) -> int:
        """The place behind the sign that closes the one here."""
        if depth > _DEEPEST:
            raise self.unclosed(at, f"more than {_DEEPEST} nested parts; the innermost")
        begun, level = at, 0
        while at < len(self.text):
            sign = self.text[at]
            if sign in (opening, closing):
                level += 1 if sign == opening else -1
                at += 1
                if level == 0:
                    return at
            elif sign == "#":
                end = self.text.find("\n", at) if self.comment_at(at, opening) else at + 1
                at = len(self.text) if end < 0 else end
            elif sign in "\\'\"`$":
                at = self.skip_part(at, depth)
            else:
                special = _IN_NESTED.search(self.text, at + 1)
                at = special.start() if special else len(self.text)
        raise self.unclosed(begun, f"a {opening}")

    def comment_at(self, at: int, opening: str) -> bool:
        return opening == "(" and self.text[at - 1] in " \t\n"

    def unclosed(self, at: int, what: str) -> GradatimError:
        line = self.line + self.text.count("\n", self.at, at)
        return self.error(line, f"{what} is not closed.")

    def begin_heredoc(self, redirect: str) -> None:
        if space := _SPACE.match(self.text, self.at):
            self.move(space.end())
        raw = self.word().text
        name = re.sub(r"[\"'\\]", "", raw)
        self.pending.append((name, raw == name, redirect.endswith("-"), self.line))

    def heredocs(self, found: list[Token]) -> None:
        """The bodies of the heredocs that were announced on the line before."""
        for name, expands, indented, line in self.pending:
            begun = self.line
            lines: list[str] = []
            while True:
                end = self.text.find("\n", self.at)
                passed = self.move(len(self.text) if end < 0 else end + 1)
                shown = passed.rstrip("\n")
                if (shown.lstrip("\t") if indented else shown) == name:
                    break
                if end < 0:
                    raise self.error(line, f"the heredoc {name[:40]} is not closed.")
                lines.append(shown.lstrip("\t") if indented else shown)
            body = "".join(f"{one}\n" for one in lines)
            found.append(Token("heredoc" if expands else "raw heredoc", body, begun))
        self.pending = []


_IN_NESTED = re.compile(r"[\\'\"`$#(){}]")
_IN_DOUBLE = re.compile(r"[\"\\`]|\$[({']?")


def tokens(text: str, line: int = 1) -> list[Token]:
    """The tokens of a script that begins on this line.

    >>> [token.text for token in tokens("LR=1e-4; run --lr $LR  # comment")]
    ['LR=1e-4', ';', 'run', '--lr', '$LR']
    """
    return _Scanner(text.replace("\r\n", "\n"), line).scan()


def end_of_part(text: str, at: int) -> int:
    """Where the quoted, plain or $ part of a word ends that begins at this place."""
    return max(_Scanner(text, 1).skip_part(at, 0), at + 1)

r"""The words of one line: split at blanks, "quoted" where a word has blanks in it, `#` begins a comment.

A quoted word stands for itself only; it never is a keyword. Inside quotes \" and \\ are a quote and a backslash.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass

LONGEST_LINE = 2000
"""Characters; a longer line is refused."""
_WORD = re.compile(
    r'\s*(?:"(?P<quoted>(?:[^"\\]|\\["\\])*)"(?=\s|$)|(?P<plain>[^\s"#][^\s"]*)(?=\s|$)|(?P<comment>#.*))'
)


class Mismatch(Exception):
    """A line that does not say what it should: `reason`, and what was `expected` there, if it helps."""

    def __init__(self, reason: str, expected: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.expected = expected


@dataclass(frozen=True, slots=True)
class Word:
    """One word as it was written, without its quotes."""

    text: str
    quoted: bool = False

    def __str__(self) -> str:
        text = "".join(letter if letter.isprintable() else "?" for letter in self.text)
        return f'"{text}"' if self.quoted else f"`{text}`"


class Words:
    """The words of a line and how many of them were read."""

    def __init__(self, words: Iterable[Word]) -> None:
        self._words = tuple(words)
        self.position = 0

    @property
    def ahead(self) -> Word | None:
        """The next word; None at the end of the line."""
        return self._words[self.position] if self.position < len(self._words) else None

    def says(self, *keywords: str) -> bool:
        """Whether the next words are these keywords."""
        following = self._words[self.position : self.position + len(keywords)]
        return tuple(word.text for word in following if not word.quoted) == keywords

    def skip(self, count: int = 1) -> None:
        """Read words that were looked at already."""
        self.position += count

    def take(self, expected: str) -> Word:
        """Read a word. Raises Mismatch at the end of the line."""
        word = self.ahead
        if word is None:
            raise Mismatch("the statement ends too early", expected)
        self.position += 1
        return word

    def describe(self) -> str:
        """What comes next, for an error's text."""
        return "the statement ends too early" if self.ahead is None else f"{self.ahead} is not understood"


def split(line: str) -> Words:
    """The words of a line without its comment; raises Mismatch."""
    if len(line) > LONGEST_LINE:
        raise Mismatch(f"the line has {len(line)} characters", f"at most {LONGEST_LINE}")
    words, at, end = [], 0, len(line.rstrip())
    while at < end:
        found = _WORD.match(line, at, end)
        if found is None:
            raise Mismatch(f"`{line[at:end].strip()}` is not a word", 'words, and text in "quotes" that end')
        if found["quoted"] is not None:
            words.append(Word(re.sub(r"\\(.)", r"\1", found["quoted"]), quoted=True))
        elif found["plain"] is not None:
            words.append(Word(found["plain"]))
        at = found.end()
    return Words(words)


def nearest(word: str, known: Iterable[str]) -> str:
    """`did you mean ...` when a word is nearly one of the known ones, else nothing."""
    names = {name.lower(): name for name in known}
    close = difflib.get_close_matches(word.lower(), names, n=1)
    return f"did you mean `{names[close[0]]}`?" if close else ""

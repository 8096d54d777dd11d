"""Markdown's text as paragraphs of styled pieces, from markdown-it's tokens. HTML is text like any other."""

from __future__ import annotations

from collections.abc import Sequence

from markdown_it import MarkdownIt
from markdown_it.token import Token

from xentui.walkthroughs.walkthrough import Paragraph, Span

_STYLES = {"strong_open": "strong", "em_open": "em", "link_open": "link"}


def markdown() -> MarkdownIt:
    """The parser: CommonMark, without HTML."""
    return MarkdownIt("commonmark", {"html": False})


class ProseReader:
    """Takes the tokens of a document one by one, and gives a paragraph for each inline one."""

    def __init__(self) -> None:
        self._lists: list[int | None] = []  # the next number of each open list; None for bullets
        self._mark = ""
        self._heading = False
        #: (line, target) of every link that was seen.
        self.links: list[tuple[int, str]] = []

    def take(self, token: Token) -> Paragraph | None:
        """The paragraph that `token` is, if it is one."""
        match token.type:
            case "bullet_list_open":
                self._lists.append(None)
            case "ordered_list_open":
                self._lists.append(int(token.attrGet("start") or 1))
            case "bullet_list_close" | "ordered_list_close":
                self._lists.pop()
            case "list_item_open":
                self._mark = self._next_mark()
            case "heading_open":
                self._heading = True
            case "heading_close":
                self._heading = False
            case "inline" if token.content.strip():
                return self._paragraph(token)
        return None

    def _next_mark(self) -> str:
        number = self._lists[-1]
        if number is None:
            return "-"
        self._lists[-1] = number + 1
        return f"{number}."

    def _paragraph(self, token: Token) -> Paragraph:
        line = (token.map or [0])[0] + 1
        mark, self._mark = self._mark, ""
        for child in token.children or ():
            if child.type == "link_open":
                self.links.append((line, str(child.attrGet("href") or "")))
        return Paragraph(spans(token.children or ()), line, mark, len(self._lists), self._heading)


def spans(tokens: Sequence[Token]) -> tuple[Span, ...]:
    """The pieces of a line of Markdown."""
    found: list[Span] = []
    styles: list[str] = []
    for token in tokens:
        style = styles[-1] if styles else ""
        if token.type in _STYLES:
            styles.append(_STYLES[token.type])
        elif token.type.endswith("_close"):
            del styles[-1:]
        elif token.type == "code_inline":
            found.append(Span(token.content, "code"))
        elif token.type == "softbreak":
            found.append(Span(" ", style))
        elif token.type == "hardbreak":
            found.append(Span("\n", style))
        elif token.content:
            found.append(Span(token.content, style))
    return tuple(found)

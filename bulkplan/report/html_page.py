"""A page that stands alone: one file, no script, nothing fetched; and the pieces that pages are made of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from importlib.resources import files
from typing import Literal

from bulkplan.core.visible import visible

Tone = Literal["critical", "high", "medium", "low", "none", "info"]
"""What a colour says; the words beside it say the same."""

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
_VOID = frozenset({"meta"})
_LEAST_SEEN = 0.8
"""Percent of a bar below which a share that is not nothing could not be seen."""


class Html(str):
    """A piece of markup. Made by the functions here only; every other text is escaped where it is put in."""

    __slots__ = ()


Child = Html | str | None


def element(tag: str, /, *children: Child, **attributes: str | None) -> Html:
    """
    An element with its children; text among them is escaped and made visible.

    Args:
        tag: Its name.
        children: Pieces in order; `None` is left out.
        attributes: As in HTML; `class_` for `class`, `aria_label` for `aria-label`. `None` is left out.
    """
    said = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escaped(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    return Html(f"<{tag}{said}>" if tag in _VOID else f"<{tag}{said}>{joined(children)}</{tag}>")


def joined(children: Iterable[Child]) -> Html:
    """Pieces one after the other."""
    return Html("".join(escaped(child) for child in children if child is not None))


def escaped(text: str) -> Html:
    """Text as markup that shows it, and that GitHub's runner takes for no command; markup as it is."""
    return text if isinstance(text, Html) else Html(escape(visible(text)).replace("##[", "##&#91;"))


def page(*, title: str, body: Html) -> str:
    """
    A whole page, as one text that can be saved, mailed and opened anywhere. Ends in a newline.

    Args:
        title: What the tab says.
        body: What stands in `<main>`; its headings begin with `h1`.
    """
    head = joined(
        (
            element("meta", charset="utf-8"),
            element("meta", http_equiv="Content-Security-Policy", content=_POLICY),
            element("meta", name="viewport", content="width=device-width, initial-scale=1"),
            element("meta", name="color-scheme", content="light dark"),
            element("meta", name="referrer", content="no-referrer"),
            element("meta", name="robots", content="noindex"),
            element("title", title),
            element("style", Html(_style())),
        )
    )
    return f'<!DOCTYPE html>\n<html lang="en">\n<head>{head}</head>\n<body>{element("main", body)}</body>\n</html>\n'


def name(text: str) -> Html:
    """A name from outside, set apart, so that one written from right to left leaves its neighbours alone."""
    return element("bdi", text)


def code(text: str) -> Html:
    """Something to be copied."""
    return element("code", text)


def badge(text: str, tone: Tone) -> Html:
    """A word in a coloured box."""
    return element("span", text, class_=f"badge {tone}")


def bar(part: int, whole: int, *, tone: Tone = "info", label: str) -> Html:
    """
    A bar: how large a part of the whole is, from 0 to the whole.

    Args:
        part: How many.
        whole: Of how many; 0 gives an empty bar.
        tone: Colour of the part.
        label: The same in words, for who cannot see it.
    """
    share = min(100.0, 100 * part / whole) if whole else 0.0
    width = max(share, _LEAST_SEEN) if part and whole else 0.0
    return element(
        "svg",
        element("rect", width="100%", height="10", rx="5", class_="track"),
        element("rect", width=f"{width:.2f}%", height="10", rx="5", class_=f"part {tone}"),
        class_="bar",
        width="100%",
        height="10",
        role="img",
        aria_label=label,
    )


def facts(pairs: Iterable[tuple[str, Child]]) -> Html:
    """Words and what they stand for, one pair a line."""
    rows = (element("div", element("dt", word), element("dd", value)) for word, value in pairs)
    return element("dl", *rows, class_="facts")


def table(head: Sequence[str], rows: Iterable[Sequence[Child]], *, label: str) -> Html:
    """
    A table; on a phone each row is a block, and its cells are named by the head.

    Args:
        head: Names of the columns.
        rows: Cells, as many as there are columns.
        label: What the table is about, for who cannot see what stands around it.
    """
    titles = element("tr", *(element("th", title, scope="col") for title in head))
    lines = (
        element("tr", *(element("td", cell, data_label=title) for title, cell in zip(head, row, strict=True)))
        for row in rows
    )
    return element("table", element("thead", titles), element("tbody", *lines), aria_label=label)


def folded(summary: Child, *children: Child, class_: str | None = None) -> Html:
    """Something that is opened by a click, without a script."""
    return element("details", element("summary", summary), *children, class_=class_)


def preformatted(text: str) -> Html:
    """Lines as they are, in code type; long ones break."""
    return element("pre", Html("\n".join(map(escaped, text.split("\n")))))


def _style() -> str:
    return files("bulkplan.report").joinpath("page.css").read_text("utf-8")

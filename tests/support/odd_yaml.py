"""YAML texts as people write them on a bad day: odd indentation, comments anywhere, every style of value."""

from __future__ import annotations

from hypothesis import strategies as st

KEYS = (
    "schema", "name", "version", "filter", "where", "all", "any", "not", "has", "field", "is", "before", "action",
    "type", "value", "options", "guards", "vars", "tests", "lead", "matches", "custom.Do Not Contact", "x y", "ä",
    "depends_on", "sort", "description",
)  # fmt: skip
WORDS = (
    "SaaS", "90 days ago", "Yes", "no", "true", "1", "0.5", "-3", "1e3", "null", "~", "2026-01-31", "12:30", "- a",
    "-date_created", "10%", "{{ vars.days }} days ago", "x {{ each.region }}", "a, b", "a: b", "http://example.com/x",
    "it's", 'say "hi"', "back\\slash", "#1", "a #b", "[x]", "{y}", "*star", "&and", "!bang", "|pipe", "> more", "%",
    "@home", "`tick`", "?", "? q", "", " padded ", "a  b", "tab\there", "two\nlines", "ends\n", "\n", "café ☕", "=",
    "<<", "---", "... x", "a long line of words " * 8 + "end", "x" * 130, "007", ":colon", "colon:", "win-back",
)  # fmt: skip
COMMENTS = ("# plain", "#tight", "# a: b", "# - item", "# 'quote", '# "', "# {", "#", "## two", "# ends with ]")


@st.composite
def scalar_texts(draw, *, in_flow=False, is_key=False):
    """A scalar in some style, as it stands behind its key in one line."""
    text = draw(st.sampled_from(KEYS)) if is_key else draw(st.sampled_from(WORDS))
    style = draw(st.sampled_from(("plain", "single", "double")))
    if style == "plain" and is_plain(text, in_flow=in_flow):
        return text
    if style == "single" and not {"\n", "\t"} & set(text):
        return "'" + text.replace("'", "''") + "'"
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t")
    return f'"{escaped}"'


def is_plain(text, *, in_flow):
    if not text or text != text.strip() or {"\n", "\t"} & set(text) or text[0] in "-?:,[]{}#&*!|>'\"%@`=<.0":
        return text in ("-3", "-date_created", "0.5")
    return not (": " in text or " #" in text or text.endswith(":") or (in_flow and set(",[]{}:?") & set(text)))


@st.composite
def flow_texts(draw, depth=2):
    if depth == 0 or draw(st.integers(0, 2)) == 0:
        return draw(scalar_texts(in_flow=True))
    if draw(st.booleans()):
        return "[" + ", ".join(draw(st.lists(flow_texts(depth=depth - 1), max_size=3))) + "]"
    keys = draw(st.lists(st.sampled_from(KEYS), unique=True, max_size=3))
    return "{" + ", ".join(f"{key}: {draw(flow_texts(depth=depth - 1))}" for key in keys) + "}"


@st.composite
def block_scalars(draw, indent):
    sign = draw(st.sampled_from(("|", ">", "|-", ">-", "|+", "| # why", ">2", "|2-")))
    lines = draw(st.lists(st.sampled_from(("text", "  deeper", "# no comment", "", "a: b", "trail  ")), min_size=1))
    body = [("  " + " " * indent + line) if line else "" for line in (["first", *lines] if "2" not in sign else lines)]
    return [sign, *body]


@st.composite
def noise(draw):
    """Comments and blank lines of any indentation."""
    comment = st.builds(lambda pad, text: " " * pad + text, st.integers(0, 8), st.sampled_from(COMMENTS))
    return draw(st.lists(st.just("") | comment, max_size=2)) if draw(st.integers(0, 2)) == 0 else []


@st.composite
def trailing(draw):
    return draw(st.sampled_from(("", "", "", " # beside", "   #beside")))


@st.composite
def blocks(draw, indent=0, depth=3, is_list=None):
    """The lines of a block mapping or list."""
    pad, step = " " * indent, draw(st.sampled_from((2, 2, 4)))
    is_list = draw(st.booleans()) if is_list is None else is_list
    lines = []
    for number, key in enumerate(draw(st.lists(st.sampled_from(KEYS), unique=True, min_size=1, max_size=4))):
        lines += draw(noise())
        head = f"{pad}-" if is_list else f"{pad}{key}:"
        kind = draw(st.integers(0, 9)) if depth else draw(st.integers(0, 3))
        if kind <= 1:
            lines.append(f"{head} {draw(scalar_texts())}{draw(trailing())}")
        elif kind == 2:
            lines.append(f"{head} {draw(flow_texts())}{draw(trailing())}")
        elif kind == 3:
            first, *rest = draw(block_scalars(indent))
            lines += [f"{head} {first}", *rest]
        elif kind == 4:
            lines += draw(opened_flow(head, pad))
        elif kind == 5:
            name, again = f"a{depth}x{indent}x{number}", f"{pad}-" if is_list else f"{pad}same{number}:"
            lines += [f"{head} &{name} {draw(flow_texts())}{draw(trailing())}", *draw(noise()), f"{again} *{name}"]
        elif kind == 6 and is_list:
            first, *rest = draw(blocks(indent + 2, depth - 1))
            lines += [f"{pad}- {first.lstrip()}" if first.strip() else f"{pad}-", *rest]
        elif kind == 6:
            lines += [f"{head}{draw(trailing())}", *draw(blocks(indent, depth - 1, is_list=True))]
        else:
            lines += [f"{head}{draw(trailing())}", *draw(blocks(indent + step, depth - 1))]
    return [*lines, *draw(noise())]


@st.composite
def opened_flow(draw, head, pad):
    """A list in brackets over several lines, with comments inside."""
    items = draw(st.lists(scalar_texts(in_flow=True), min_size=1, max_size=3))
    lines = [f"{head} [{draw(trailing())}"]
    for item in items:
        lines.append(f"{pad}    {item},{draw(trailing())}")
        if draw(st.booleans()):
            lines.append(f"{pad}   # inside")
    return [*lines, f"{pad}  ]{draw(trailing())}"]


@st.composite
def odd_texts(draw):
    """A whole text: one document or several, with and without marks between them."""
    documents = draw(st.lists(blocks(is_list=False), min_size=1, max_size=2))
    text = "\n---\n".join("\n".join(each) for each in documents)
    start = draw(st.sampled_from(("", "", "---\n", "# top\n\n---  # marked\n", "\n\n# top\n")))
    end = draw(st.sampled_from(("", "\n", "\n\n\n", "\n...\n", "\n---\n# nothing\n")))
    text = start + text + end
    return text.replace("\n", "\r\n") if draw(st.integers(0, 9)) == 0 else text

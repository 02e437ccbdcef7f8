"""A YAML text in its canonical layout: the same data and the same comments, or a refusal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from bulkplan.adapters.yaml_comments import find_comments, place_comments
from bulkplan.adapters.yaml_documents import parse_documents
from bulkplan.adapters.yaml_key_order import KeyOrder
from bulkplan.adapters.yaml_outline import Entry, Scalar, read_outlines
from bulkplan.adapters.yaml_text import FileText, decode
from bulkplan.adapters.yaml_writer import document_lines
from bulkplan.errors import BulkplanError, InvalidFilesError, Problem

SCHEMA_WORD = "yaml-language-server:"


class LayoutError(BulkplanError):
    """The canonical layout would not say the same: the file is left as it is."""


def format_yaml(content: FileText, *, order: KeyOrder, schema: str | None = None) -> str:
    """
    Lay a text out anew.

    Args:
        content: The text of a file.
        order: The order of its keys.
        schema: Where the schema of the file is, for editors; a comment that names it is put on top where there is none.

    Returns:
        The text; the one given when it holds no document. Formatting it again gives the same.

    Raises:
        InvalidFilesError: The text is no YAML that bulkplan reads.
        LayoutError: What came out would be read otherwise, or lacks a comment.
    """
    before = parse_documents(content)
    if before.problems:
        raise InvalidFilesError(before.problems)
    if not before.documents:
        return content.text
    text = _laid_out(content, order, schema)
    if text == content.text:
        return text
    again = _read(content.file, text)
    _require_same(content, again, schema)
    if _laid_out(again, order, schema) != text:
        raise _refused(content, "laying it out twice would not end")
    return text


def _laid_out(content: FileText, order: KeyOrder, schema: str | None) -> str:
    documents = read_outlines(content)
    place_comments(documents, find_comments(content.lines, documents))
    printed = [document_lines(document, order) for document in _whole(documents)]
    if schema is not None and not any(SCHEMA_WORD in line for line in printed[0][:10] if line.startswith("#")):
        printed[0].insert(0, f"# {SCHEMA_WORD} $schema={schema}")
    return "\n---\n".join("\n".join(each) for each in printed) + "\n"


def _whole(documents: Sequence[Entry]) -> list[Entry]:
    """The documents that hold something; the comments of empty ones go to the next, or to the last."""
    kept: list[Entry] = []
    waiting: list[str] = []
    for document in documents:
        if isinstance(document.value, Scalar) and not document.value.text and document.value.style == "plain":
            waiting += [*document.leading, *document.trailing]
        else:
            document.leading = [*waiting, *document.leading]
            kept.append(document)
            waiting = []
    if waiting and kept:
        kept[-1].leading += waiting
    return kept


def _require_same(before: FileText, after: FileText, schema: str | None) -> None:
    old, new = parse_documents(before), parse_documents(after)
    if new.problems or [each.digest for each in old.documents] != [each.digest for each in new.documents]:
        raise _refused(before, "its data would be read otherwise")
    lost = _comments(before) - _comments(after)
    added = _comments(after) - _comments(before)
    if lost or sum(added.values()) > (schema is not None):
        raise _refused(before, "a comment would be lost")


def _comments(content: FileText) -> Counter[str]:
    found = find_comments(content.lines, read_outlines(content))
    return Counter(comment.text for comment in found if comment.text)


def _read(file: str, text: str) -> FileText:
    found = decode(file, text.encode("utf-8"))
    if isinstance(found, Problem):
        raise InvalidFilesError((found,))
    return found


def _refused(content: FileText, why: str) -> LayoutError:
    return LayoutError(
        f"{content.file} cannot be laid out: {why}",
        hint="it is left as it is; move odd comments to lines of their own, and try again",
    )

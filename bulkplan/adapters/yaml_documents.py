"""A YAML text as `Document`s: read quickly where it is plain, else, and for every place and mistake, by the parser."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial

from bulkplan.adapters.yaml_lines import find_in_line
from bulkplan.adapters.yaml_plain import PlainDocument, read_plain
from bulkplan.adapters.yaml_text import FileText, split_lines
from bulkplan.core.digest import digest_json
from bulkplan.errors import Location, Path
from bulkplan.model.document import Document, Reading


def parse_documents(content: FileText) -> Reading:
    """
    The documents of a text, in order; empty ones are left out, and those that are not known whole.

    The places of a text that is plain are only looked for when somebody asks for one.
    """
    plain = read_plain(content)
    if plain is None:
        return _parse(content)
    again = partial(_text_of, content.file, content.text)
    later = LaterDocuments(lambda: _parse(again()).documents, again)
    return Reading(tuple(_plain_document(one, content.file, index, later) for index, one in enumerate(plain)))


def _parse(content: FileText) -> Reading:
    from bulkplan.adapters.yaml_whole import parse_whole  # the parser takes a while to load

    return parse_whole(content)


def _text_of(file: str, text: str) -> FileText:
    """The same text once more: its lines are not kept until somebody asks for a place."""
    return FileText(file, text, split_lines(text))


def _plain_document(plain: PlainDocument, file: str, index: int, later: LaterDocuments) -> Document:
    return Document(
        file=file,
        index=index,
        line=plain.line,
        data=plain.data,
        places=LaterPlaces(later, index, is_keys=False, line=plain.line),
        keys=LaterPlaces(later, index, is_keys=True),
        digest=digest_json(plain.data),
    )


@dataclass
class LaterDocuments:
    """
    The documents of a file, parsed when the first place in one of them is asked for.

    `plain` gives the text of a file that is plainly written: there some places are found without the parser.
    """

    parse: Callable[[], Sequence[Document]]
    plain: Callable[[], FileText] | None = None

    @property
    def is_parsed(self) -> bool:
        """Whether every place is known by now."""
        return "by_index" in self.__dict__

    @cached_property
    def by_index(self) -> Mapping[int, Document]:
        """Each document by its number in the file."""
        return {document.index: document for document in self.parse()}


@dataclass(frozen=True, eq=False)
class LaterPlaces(Mapping[Path, Location]):
    """
    The places of the values, or of the keys, of one document; none when it has gone meanwhile.

    `line` is where it begins in a text that is plainly written.
    """

    later: LaterDocuments
    index: int
    is_keys: bool
    line: int = 1

    @property
    def _found(self) -> Mapping[Path, Location]:
        document = self.later.by_index.get(self.index)
        if document is None:
            return {}
        return document.keys if self.is_keys else document.places

    def __getitem__(self, path: Path) -> Location:
        if self.later.plain is not None and not self.is_keys and not self.later.is_parsed:
            place = find_in_line(self.later.plain(), self.line, path)
            if place is not None:
                return place
        return self._found[path]

    def __iter__(self) -> Iterator[Path]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)

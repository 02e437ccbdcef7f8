"""A YAML text as `Document`s: read quickly where it is plain, else, and for every place and mistake, by the parser."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

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
    parsed = _Later(content.file, content.text)
    return Reading(tuple(_plain_document(one, index, parsed) for index, one in enumerate(plain)))


def _parse(content: FileText) -> Reading:
    from bulkplan.adapters.yaml_whole import parse_whole  # the parser takes a while to load

    return parse_whole(content)


def _plain_document(plain: PlainDocument, index: int, parsed: _Later) -> Document:
    return Document(
        file=parsed.file,
        index=index,
        line=plain.line,
        data=plain.data,
        places=_LaterPlaces(parsed, index, is_keys=False),
        keys=_LaterPlaces(parsed, index, is_keys=True),
        digest=digest_json(plain.data),
    )


@dataclass
class _Later:
    """A text that is parsed when the first place in it is asked for."""

    file: str
    text: str

    @cached_property
    def documents(self) -> tuple[Document, ...]:
        return _parse(FileText(self.file, self.text, split_lines(self.text))).documents


@dataclass(frozen=True, eq=False)
class _LaterPlaces(Mapping[Path, Location]):
    """The places of the values, or of the keys, of one document."""

    parsed: _Later
    index: int
    is_keys: bool

    @property
    def _found(self) -> Mapping[Path, Location]:
        document = self.parsed.documents[self.index]
        return document.keys if self.is_keys else document.places

    def __getitem__(self, path: Path) -> Location:
        return self._found[path]

    def __iter__(self) -> Iterator[Path]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)

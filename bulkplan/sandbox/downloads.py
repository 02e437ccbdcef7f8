"""How the file of an export is fetched: a signed link that lives for a while, and asks for no key."""

from __future__ import annotations

from datetime import datetime, timedelta

from bulkplan.sandbox.clock import format_moment
from bulkplan.sandbox.cursors import open_cursor, seal_cursor
from bulkplan.sandbox.errors import ApiError, NotFoundError
from bulkplan.sandbox.exports import read_export
from bulkplan.sandbox.http import SandboxRequest, SandboxResponse
from bulkplan.sandbox.rows import Row, text
from bulkplan.sandbox.world import World

DOWNLOAD_ROOT = "/_export"
MEDIA_TYPES = {"csv": "text/csv", "json": "application/json"}


def download_url(world: World, row: Row, *, base_url: str, now: datetime, life_s: float) -> str:
    """Return a link to the file of an export, as the client that asks for it can reach it."""
    until = format_moment(now + timedelta(seconds=life_s))
    seal = seal_cursor({"export": row["id"], "until": until}, organization_id=world.organization_id)
    return f"{base_url}{DOWNLOAD_ROOT}/{seal}/{row['id']}.{row['format']}"


def answer_download(world: World, request: SandboxRequest) -> SandboxResponse:
    """
    Answer the file behind a link: gzip, named as the content's encoding.

    Raises:
        ApiError: 403, the link was not made here, or is over.
        NotFoundError: there is no such file.

    Source: Close API, "Exports".
    """
    if request.method != "GET":
        raise ApiError(405, f"The method {request.method} is not allowed for this URL.")
    seal, slash, name = request.path.removeprefix(DOWNLOAD_ROOT + "/").partition("/")
    try:
        place = open_cursor(seal, organization_id=world.organization_id)
    except ApiError as error:
        raise ApiError(403, "The link is not valid.") from error
    if not slash or place.get("export") != name.partition(".")[0]:
        raise ApiError(403, "The link is not valid.")
    if text(place, "until") < format_moment(world.now()):
        raise ApiError(403, "The link has expired; fetch the export again for a new one.")
    return _file(world, text(place, "export"))


def _file(world: World, export_id: str) -> SandboxResponse:
    with world.reading() as connection:
        found = connection.execute("SELECT content FROM export_file WHERE export_id = ?", (export_id,)).fetchone()
        if found is None:
            raise NotFoundError
        (content,) = found
        export_format = text(read_export(world, export_id), "format")
    headers = (
        ("content-type", MEDIA_TYPES[export_format]),
        ("content-encoding", "gzip"),
        ("content-disposition", f'attachment; filename="{export_id}.{export_format}"'),
    )
    return SandboxResponse(200, headers, bytes(content))

"""Photos inside ZIP files: with GPS in their EXIF, or with a table beside them in the ZIP."""

import io
import zlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path, PurePosixPath

from geolocdesk.errors import SourceError
from geolocdesk.evidence.packed import MemberStream, PackedFile
from geolocdesk.progress import ProgressCallback
from geolocdesk.reference.sources.container import Member, cannot_read, is_hidden
from geolocdesk.reference.sources.csv_file import REQUIRED_COLUMNS, row_of_table, rows_of_table
from geolocdesk.reference.sources.listed import ListedSource
from geolocdesk.reference.sources.selection import Selection
from geolocdesk.reference.sources.source import SourceRow
from geolocdesk.reference.sources.zip_listing import ZipListing
from geolocdesk.unavailable import Unavailable

FORMAT = "zip"


def open_zip_photos(path: Path, selection: Selection, progress: ProgressCallback) -> ListedSource:
    """Return the photos in a ZIP, or in every ZIP of a folder in the order of their names.

    A ZIP with exactly one CSV that has the columns of ``--format csv`` offers the photos that the table lists;
    any other ZIP offers all its photos, whose EXIF must say where they were taken. Raises SourceError.
    """
    listings = [ZipListing(file) for file in zip_files(path)]
    if not listings:
        message = f"There is no ZIP file in {path}; name a ZIP or a folder of ZIPs."
        raise SourceError(message)

    def list_rows() -> Iterator[SourceRow]:
        for listing in listings:
            prefix = "" if listing.path == path else f"{listing.path.name}!/"
            yield from _rows(listing, prefix, selection)

    return ListedSource(FORMAT, path.resolve().name, list_rows, progress=progress, selection=selection)


def zip_files(path: Path) -> list[Path]:
    """Return the ZIP itself, or those in a folder by name."""
    if not path.is_dir():
        return [path]
    return sorted(file for file in path.iterdir() if file.suffix.lower() == ".zip" and file.is_file())


def _rows(listing: ZipListing, prefix: str, selection: Selection) -> Iterator[SourceRow]:
    tables = [member.packed for _, member in listing.members() if _is_table(member)]
    table = tables[0] if len(tables) == 1 else None
    if table is None and selection:
        reason = f"--where selects rows of a table, and it holds {'several' if tables else 'no'} CSV files"
        raise cannot_read(listing.path, reason)
    yield from _photos(listing, prefix) if table is None else _tabled(listing, prefix, table, selection)


def _is_table(member: Member) -> bool:
    is_csv = member.name.lower().endswith(".csv")
    return member.packed is not None and is_csv and not is_hidden(member.name)


def _photos(listing: ZipListing, prefix: str) -> Iterator[SourceRow]:
    for _, member in listing.members():
        if member.is_photo or member.is_whole:
            yield row_of_member(listing.path, prefix, member)


def row_of_member(container: Path, prefix: str, member: Member) -> SourceRow:
    """Return a member of a container as a row whose position is left to its EXIF."""
    name = f"{prefix}{member.name}"
    return SourceRow(
        number=0,
        file=name,
        path=member.packed or Path(f"{container}!", member.name),
        reference_id=name,
        position=Unavailable.NOT_AVAILABLE,
        rejected=member.rejected,
    )


def _tabled(listing: ZipListing, prefix: str, table: PackedFile, selection: Selection) -> Iterator[SourceRow]:
    photos: dict[str, Member] = {}
    for _, member in listing.members():
        photos.setdefault(member.name, member)
    folder = PurePosixPath(table.name).parent
    for row in _read_rows(table, selection):
        name = (folder / row["file"]).as_posix()
        member = photos.get(name) or Member(name, None, "the ZIP holds no file of this name")
        missing = Path(f"{listing.path}!", name)
        read = row_of_table(0, row, member.packed or missing)
        yield replace(
            read,
            file=f"{prefix}{name}",
            reference_id=row.get("id") or f"{prefix}{row['file']}",
            rejected=read.rejected or member.rejected,
        )


def _read_rows(table: PackedFile, selection: Selection) -> Iterator[dict[str, str]]:
    try:
        with (
            table.container.open("rb", buffering=0) as container,
            io.BufferedReader(MemberStream(table, container)) as content,
            io.TextIOWrapper(content, encoding="utf-8-sig", newline="") as text,
        ):
            yield from rows_of_table(table.path, text, REQUIRED_COLUMNS, selection)
    except (OSError, zlib.error) as error:
        raise cannot_read(table.path, str(error)) from error

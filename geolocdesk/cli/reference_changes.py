"""``geolocdesk reference append|remove|merge|compact``: changing packs without building them again."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from geolocdesk.cli.conditions import read_ids
from geolocdesk.cli.console import (
    EXIT_OK,
    EXIT_SOME_FAILED,
    progress_reporter,
    say,
    utc_now,
    write_json,
    write_result,
)
from geolocdesk.cli.culling_options import add_culling, culling_of
from geolocdesk.cli.source_options import (
    FORMATS_TEXT,
    add_source,
    described_source_of,
    describing,
    source_of,
    workers_of,
)
from geolocdesk.errors import UsageError

if TYPE_CHECKING:
    from geolocdesk.reference.append import AppendResult
    from geolocdesk.reference.build_state import RejectedRow

_REASONS_SHOWN = 10


def add_verbs(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the sub-commands."""
    _add_append(verbs)
    _add_remove(verbs)
    _add_merge(verbs)
    _add_compact(verbs)


def _add_append(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    append = verbs.add_parser(
        "append",
        help="add photos to a pack",
        description="Describe photos with the pack's own model and projection and add them. The pack's references\n"
        "are not described again. Until the end the pack stays as it was.",
        epilog=FORMATS_TEXT,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    append.add_argument("pack", type=Path, metavar="PACK")
    add_source(append)
    append.add_argument("--resume", action="store_true", help="go on with an append that was interrupted")
    append.add_argument(
        "--thumbnails",
        action=argparse.BooleanOptionalAction,
        default=None,
        help="keep small pictures (default: where the pack has some)",
    )
    add_culling(append)
    _add_json(append)
    append.set_defaults(run=run_append)


def _add_remove(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    remove = verbs.add_parser(
        "remove",
        help="remove references from a pack",
        description="Remove references by their ids; no search finds them any more. “reference compact” then erases "
        "their data from the disk.",
    )
    remove.add_argument("pack", type=Path, metavar="PACK")
    remove.add_argument("ids", type=Path, metavar="IDS.txt", help="reference ids, one a line")
    _add_json(remove)
    remove.set_defaults(run=run_remove)


def _add_merge(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    merge = verbs.add_parser(
        "merge",
        help="make one pack of several",
        description="Write a new pack with the references of several packs of one extractor. A photo that several "
        "packs have is taken once; where two photos have one id, the later one is renamed ID~2.",
    )
    merge.add_argument("packs", type=Path, nargs="+", metavar="PACK")
    merge.add_argument("--out", type=Path, required=True, metavar="PACK", help="the folder to write")
    add_culling(merge)
    _add_json(merge)
    merge.set_defaults(run=run_merge)


def _add_compact(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    compact = verbs.add_parser(
        "compact",
        help="write a pack that grew or shrank anew, as one index",
        description="Write a pack that was appended to or removed from anew as one index, and erase what was removed.",
    )
    compact.add_argument("pack", type=Path, metavar="PACK")
    _add_json(compact)
    compact.set_defaults(run=run_compact)


def _add_json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="one JSON document on standard output")


def run_append(options: argparse.Namespace) -> int:
    """Append to a pack and return the exit code: 1 where rows were rejected."""
    from geolocdesk.reference.append import AppendOptions, append_described_to_pack, append_to_pack
    from geolocdesk.reference.opening import open_for_building
    from geolocdesk.reference.sources import DESCRIBED_FORMATS

    append_options = AppendOptions(
        workers_of(options), options.thumbnails, options.resume, culling=culling_of(options)
    )
    progress = progress_reporter()
    if options.format in DESCRIBED_FORMATS:
        described = described_source_of(options)
        opened = open_for_building(str(options.pack), device=options.device)
        result = append_described_to_pack(
            options.pack,
            described,
            extractor=opened.extractor,
            clock=utc_now,
            options=append_options,
            progress=progress,
        )
    else:
        source = source_of(options, progress)
        opened = open_for_building(str(options.pack), device=options.device)
        with describing(options, opened.record) as describe_part:
            result = append_to_pack(
                options.pack,
                source,
                extractor=opened.extractor,
                clock=utc_now,
                options=append_options,
                progress=progress,
                describe_part=describe_part,
            )
    _report_append(result, as_json=options.json)
    return EXIT_SOME_FAILED if result.rejected else EXIT_OK


def _report_append(result: "AppendResult", *, as_json: bool) -> None:
    say_rejected(result.rejected, result.lists)
    if result.renamed:
        say(
            f"{result.renamed} photos have the id of another photo of the pack; their new ids are in "
            f"{result.lists / 'renamed.csv'}"
        )
    say_copies(result.duplicates, result.left_out, result.lists)
    if as_json:
        write_json(
            {
                "pack": str(result.folder),
                "references": result.references,
                "added": result.added,
                "already_there": result.already_there,
                "renamed": result.renamed,
                "duplicates": result.duplicates,
                "left_out": result.left_out,
                "rejected": rejected_json(result.rejected),
            }
        )
    else:
        write_result(
            f"{result.folder}: {result.added} added, {result.already_there} there already, "
            f"{len(result.rejected)} rows rejected; {result.references} references"
        )


def run_remove(options: argparse.Namespace) -> int:
    """Remove references and return the exit code: 1 where ids were not found."""
    from geolocdesk.reference.removal import remove_from_pack

    result = remove_from_pack(options.pack, read_ids(options.ids), source=options.ids.name, clock=utc_now)
    for name in result.not_found:
        say(f"{name}: no reference of the pack has this id")
    if options.json:
        write_json(
            {
                "pack": str(result.folder),
                "references": result.references,
                "removed": result.removed,
                "not_found": list(result.not_found),
            }
        )
    else:
        write_result(
            f"{result.folder}: {result.removed} removed, {len(result.not_found)} ids not found; "
            f"{result.references} references"
        )
    return EXIT_SOME_FAILED if result.not_found else EXIT_OK


def run_merge(options: argparse.Namespace) -> int:
    """Merge packs and return the exit code."""
    from geolocdesk.reference.merging import MergeOptions, merge_packs

    if len(options.packs) < 2:
        message = "Merging takes at least two packs."
        raise UsageError(message)
    result = merge_packs(
        options.packs,
        options.out,
        clock=utc_now,
        options=MergeOptions(culling=culling_of(options)),
        progress=progress_reporter(),
    )
    if result.renamed:
        say(
            f"{result.renamed} photos have the id of another photo of an earlier pack; their new ids are in "
            f"{result.folder / 'renamed.csv'}"
        )
    say_copies(result.duplicates, result.left_out, result.folder)
    if options.json:
        write_json(
            {
                "pack": str(result.folder),
                "references": result.references,
                "same_photos": result.same_photos,
                "renamed": result.renamed,
                "duplicates": result.duplicates,
                "left_out": result.left_out,
            }
        )
    else:
        write_result(
            f"{result.folder}: {result.references} references; {result.same_photos} photos that several packs "
            "have, taken once"
        )
    return EXIT_OK


def run_compact(options: argparse.Namespace) -> int:
    """Compact a pack and return the exit code."""
    from geolocdesk.reference.compaction import compact_pack

    result = compact_pack(options.pack, clock=utc_now, progress=progress_reporter())
    if options.json:
        write_json(
            {
                "pack": str(result.folder),
                "references": result.references,
                "segments_joined": result.segments_joined,
                "erased": result.erased,
            }
        )
    elif result.segments_joined == 0:
        write_result(f"{result.folder}: nothing to do; {result.references} references in one index")
    else:
        write_result(
            f"{result.folder}: {result.references} references in one index; data of {result.erased} removed ones erased"
        )
    return EXIT_OK


def say_rejected(rejected: "Sequence[RejectedRow]", folder: Path) -> None:
    """Say why the first few rows were rejected, and where the others are."""
    for row in rejected[:_REASONS_SHOWN]:
        say(f"{row.file}: {row.reason}")
    if len(rejected) > _REASONS_SHOWN:
        say(f"… and {len(rejected) - _REASONS_SHOWN} more; all are in {folder / 'rejected.csv'}")


def rejected_json(rejected: "Sequence[RejectedRow]") -> list[dict[str, object]]:
    """Return rejected rows as plain JSON values."""
    return [{"row": row.number, "file": row.file, "reason": row.reason} for row in rejected]


def say_copies(duplicates: int, left_out: int, folder: Path) -> None:
    """Say how many copies were found and how many photos were left out, where any were."""
    if duplicates:
        say(f"{duplicates} photos are copies of others; they are in {folder / 'duplicates.csv'}")
    if left_out:
        say(f"{left_out} photos were left out as copies or beyond the caps; they are listed in {folder}")

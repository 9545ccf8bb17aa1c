"""``geolocdesk reference``: build reference packs, let them grow, describe and verify them."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from geolocdesk.cli import reference_changes
from geolocdesk.cli.console import (
    EXIT_OK,
    EXIT_SOME_FAILED,
    progress_reporter,
    utc_now,
    write_json,
    write_result,
)
from geolocdesk.cli.culling_options import add_culling, culling_of
from geolocdesk.cli.options import add_model
from geolocdesk.cli.source_options import (
    FORMATS_TEXT,
    add_source,
    described_source_of,
    describing,
    source_of,
    workers_of,
)
from geolocdesk.errors import PackError, UsageError

if TYPE_CHECKING:
    from geolocdesk.reference.build import BuildResult

_BUILD_DESCRIPTION = """\
Build a reference pack from geotagged photos: describe each with the model, and write the pack in one move.

Photos are only read. Rows that cannot be used are listed in PACK/rejected.csv, each with the reason. A build that
was interrupted lies in PACK.partial, and the same command with --resume goes on with it without describing a
finished photo again. Progress shows photos a second and the time left."""

_BUILD_EPILOG = f"""\
{FORMATS_TEXT}
EXAMPLES
  geolocdesk reference build photos.csv --out mypack
  geolocdesk reference build osv5m/train.csv --where country=HR --out croatia
  geolocdesk reference build yfcc/ --pictures /media/disk/images --where accuracy=15,16 --out flickr --resume
  geolocdesk reference build 'shards/{{0000..0123}}.tar' --out mypack --cluster local:4

The guide's chapter on sources says what to fetch for each, how to carry it over, and what its licence asks for."""


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command and its sub-commands to the command line."""
    parser = commands.add_parser(
        "reference",
        help="build, grow, describe and verify reference packs",
        description="Build packs of geotagged reference photos, let them grow, describe and verify them.",
    )
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    _add_build(verbs)
    reference_changes.add_verbs(verbs)
    for name, text, command in (
        ("info", "what a pack holds and what made it", run_info),
        ("verify", "hash every file of a pack and compare with its manifest", run_verify),
    ):
        verb = verbs.add_parser(name, help=text, description=text.capitalize() + ".")
        verb.add_argument("pack", type=Path, metavar="PACK")
        verb.add_argument("--json", action="store_true", help="one JSON document on standard output")
        verb.set_defaults(run=command)


def _add_build(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    build = verbs.add_parser(
        "build",
        help="build a pack from geotagged photos",
        description=_BUILD_DESCRIPTION,
        epilog=_BUILD_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_source(build)
    build.add_argument("--out", type=Path, required=True, metavar="PACK", help="the folder to write")
    add_model(build, "a built-in model, a model folder, or a PACK whose model and projection are used again")
    build.add_argument("--resume", action="store_true", help="go on with a build that was interrupted")
    build.add_argument(
        "--thumbnails", action=argparse.BooleanOptionalAction, default=True, help="keep small pictures"
    )
    add_culling(build)
    build.add_argument("--json", action="store_true", help="one JSON document on standard output")
    build.set_defaults(run=run_build)


def run_build(options: argparse.Namespace) -> int:
    """Build a pack and return the exit code: 1 where rows were rejected."""
    from geolocdesk.reference.build import BuildOptions, build_pack
    from geolocdesk.reference.opening import open_for_building
    from geolocdesk.reference.sources import DESCRIBED_FORMATS

    if options.format == "auto" and (options.source / "model.json").is_file():
        options.format = "geoclip"
    if options.format in DESCRIBED_FORMATS:
        return _run_build_described(options)
    progress = progress_reporter()
    source = source_of(options, progress)
    opened = open_for_building(options.model, device=options.device)
    with describing(options, opened.record) as describe_part:
        result = build_pack(
            source,
            options.out,
            extractor=opened.extractor,
            model=opened.record,
            projection=opened.projection,
            clock=utc_now,
            options=BuildOptions(
                workers=workers_of(options),
                thumbnails=options.thumbnails,
                resume=options.resume,
                culling=culling_of(options),
            ),
            progress=progress,
            describe_part=describe_part,
        )
    _report_build(result, as_json=options.json)
    return EXIT_SOME_FAILED if result.rejected else EXIT_OK


def _run_build_described(options: argparse.Namespace) -> int:
    """Build a pack of descriptors that are there already and return the exit code."""
    from geolocdesk.reference.build import BuildOptions
    from geolocdesk.reference.build_described import build_described_pack
    from geolocdesk.reference.opening import open_for_building

    if options.model is None and options.format == "geoclip" and options.source.is_dir():
        options.model = str(options.source)
    if options.model is None:
        message = (
            f"The format {options.format} holds descriptors and no photos; name the model they were made with, "
            "such as a folder written by “model import”, with --model, so that queries can be described alike."
        )
        raise UsageError(message)
    source = described_source_of(options)
    opened = open_for_building(options.model, device=options.device)
    result = build_described_pack(
        source,
        options.out,
        extractor=opened.extractor,
        model=opened.record,
        projection=opened.projection,
        clock=utc_now,
        options=BuildOptions(resume=options.resume, culling=culling_of(options)),
        progress=progress_reporter(),
    )
    _report_build(result, as_json=options.json)
    return EXIT_SOME_FAILED if result.rejected else EXIT_OK


def _report_build(result: "BuildResult", *, as_json: bool) -> None:
    reference_changes.say_rejected(result.rejected, result.folder)
    reference_changes.say_copies(result.duplicates, result.left_out, result.folder)
    if as_json:
        write_json(
            {
                "pack": str(result.folder),
                "references": result.references,
                "duplicates": result.duplicates,
                "left_out": result.left_out,
                "rejected": reference_changes.rejected_json(result.rejected),
            }
        )
    else:
        write_result(f"{result.folder}: {result.references} references, {len(result.rejected)} rows rejected")


def run_info(options: argparse.Namespace) -> int:
    """Describe a pack and return the exit code."""
    import json

    from geolocdesk.reference.pack import open_pack

    with open_pack(options.pack) as pack:
        document = {
            "pack": str(options.pack),
            "pack_id": pack.pack_id,
            "last_verified": str(pack.last_verified()),
            **json.loads(pack.manifest.to_bytes()),
        }
    if options.json:
        write_json(document)
        return EXIT_OK
    counts, extractor = document["counts"], document["extractor"]
    write_result(f"{document['name']}{'  (synthetic photos)' if document['synthetic'] else ''}")
    write_result(f"  pack id        {document['pack_id']}")
    write_result(f"  built          {document['created_at']} by geolocdesk {document['program_version']}")
    write_result(f"  last verified  {document['last_verified']}")
    write_result(
        f"  references     {counts['references']} ({counts['thumbnails']} thumbnails, "
        f"{counts['rejected']} rows rejected)"
    )
    write_result(
        f"  extractor      {extractor['name']}, {extractor['dimension']}-D, {document['extractor_id']}"
    )
    for segment in document["segments"]:
        index = segment["index"]
        write_result(
            f"  index          {index['kind']}, recall {index['measured_recall']:.4f}, "
            f"{segment['references']} references"
        )
    for change in document["history"]:
        write_result(f"  {change['action']:<14} {change['at']}{_counts_text(change['details'])}")
    for licence, count in document["licences"].items():
        write_result(f"  licence        {licence}: {count}")
    return EXIT_OK


def _counts_text(details: dict[str, object]) -> str:
    """Return what an entry of the history counts, in words."""
    counted = [
        f"{details[name]} {name.replace('_', ' ')}"
        for name in ("added", "already_there", "removed", "erased", "rejected", "same_photos", "left_out")
        if details.get(name)
    ]
    return f"  {', '.join(counted)}" if counted else ""


def run_verify(options: argparse.Namespace) -> int:
    """Hash a pack's files, report each and return the exit code."""
    from geolocdesk.reference.pack import open_pack, verify_pack

    checks = list(verify_pack(options.pack, verified_at=utc_now(), progress=progress_reporter()))
    wrong = [check for check in checks if check.state != "intact"]
    if options.json:
        write_json(
            {
                "pack": str(options.pack),
                "intact": not wrong,
                "files": [{"name": check.name, "state": check.state} for check in checks],
            }
        )
    else:
        for check in checks:
            write_result(f"  {check.state:<8} {check.name}")
    if wrong:
        names = ", ".join(check.name for check in wrong)
        message = f"The pack {options.pack} is not what was built: {names}; restore it from a copy."
        raise PackError(message)
    open_pack(options.pack).close()
    return EXIT_OK

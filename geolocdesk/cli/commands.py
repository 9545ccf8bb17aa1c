"""The parser of the whole command line, put together without importing what the commands need."""

import argparse
import sys
from collections.abc import Callable, Sequence

from geolocdesk import __version__
from geolocdesk.cli import (
    analyse,
    calibrate,
    case,
    demo,
    evaluate,
    model,
    partition,
    reference,
    report,
    train,
    verify,
    window,
)
from geolocdesk.cli.console import EXIT_OK, EXIT_SOME_FAILED, EXIT_USAGE, say
from geolocdesk.errors import GeolocdeskError, UsageError

GROUPS = (
    demo,
    window,
    analyse,
    case,
    report,
    verify,
    reference,
    model,
    evaluate,
    calibrate,
    partition,
    train,
)

_DESCRIPTION = (
    "Find out, offline, where a photo was taken. Without a command the window opens. "
    "Results are investigative leads, never proof of a location."
)


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of every command."""
    parser = argparse.ArgumentParser(prog="geolocdesk", description=_DESCRIPTION)
    parser.add_argument("--version", action="version", version=f"geolocdesk {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", title="commands")
    for group in GROUPS:
        group.add_parser(commands)
    return parser


def run(arguments: Sequence[str]) -> int:
    """Run the command line and return its exit code: 0 done, 1 some inputs failed, 2 wrong usage."""
    parser = build_parser()
    options = parser.parse_args(arguments)
    command: Callable[[argparse.Namespace], int] | None = getattr(options, "run", None)
    if command is None:
        parser.print_help(sys.stderr)
        return EXIT_USAGE
    try:
        return command(options)
    except UsageError as error:
        say(f"geolocdesk: {error.message}")
        return EXIT_USAGE
    except GeolocdeskError as error:
        say(f"geolocdesk: {error.message}")
        return EXIT_SOME_FAILED
    except KeyboardInterrupt:
        say("geolocdesk: stopped; what was finished is kept")
        return EXIT_SOME_FAILED
    except BrokenPipeError:
        # the reader of our output has gone; there is nobody left to tell
        sys.stderr.close()
        return EXIT_OK

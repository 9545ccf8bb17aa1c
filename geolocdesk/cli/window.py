"""The window from the command line: without arguments, or ``geolocdesk open``."""

import argparse
import os
import sys
from pathlib import Path

from geolocdesk.cli.console import EXIT_USAGE, say


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command to the command line."""
    parser = commands.add_parser(
        "open", help="open a case in the window", description="Open a case in the window."
    )
    parser.add_argument("case", type=Path, metavar="CASE")
    parser.add_argument("--reference", type=Path, metavar="PACK", help="the reference pack to open with it")
    add_screenshot(parser)
    parser.set_defaults(run=run)


def add_screenshot(parser: argparse.ArgumentParser) -> None:
    """Add ``--screenshot``."""
    parser.add_argument(
        "--screenshot",
        type=Path,
        metavar="FILE.png",
        help="save a picture of the finished window and end; works without a display as well",
    )


def run(options: argparse.Namespace) -> int:
    """Open the window on a case and return its exit code."""
    return show_window(case=options.case, pack=options.reference, screenshot=options.screenshot)


def open_empty_window() -> int:
    """Open the window as a user's click on its icon does."""
    return show_window()


def has_display() -> bool:
    """Return whether a window could be shown to somebody here."""
    if sys.platform in ("win32", "darwin"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def show_window(*, case: Path | None = None, pack: Path | None = None, screenshot: Path | None = None) -> int:
    """Open the window and return its exit code; without a display only a screenshot can be taken."""
    if not has_display() and not os.environ.get("QT_QPA_PLATFORM"):
        if screenshot is None:
            say("There is no display here. Use a command (geolocdesk --help), or sign in to a desktop.")
            return EXIT_USAGE
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
    from geolocdesk.gui.application import run_window

    return run_window(case=case, pack=pack, screenshot=screenshot)

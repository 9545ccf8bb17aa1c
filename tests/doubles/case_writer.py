"""A program to be killed: fills a case and writes reports of it, and says what it has finished, until it ends."""

import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from geolocdesk.casefile.case import Case
from geolocdesk.casefile.opening import open_case
from geolocdesk.reporting.formats import FORMATS
from tests.doubles.analyses import ZAGREB, make_analysis, make_failure, make_picture, make_record


def say(line: str) -> None:
    """Tell the parent what is finished: a line here stands for what a window would show."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def fill(case: Case, start: int) -> None:
    """Make changes of every kind for ever, one exhibit after the other."""
    number = start
    while True:
        path = Path(f"/evidence/{number}.jpg")
        exhibit = case.add_evidence(make_record(path, position=ZAGREB))
        say(f"exhibit {exhibit}")
        summary = case.record_analysis(
            replace(make_analysis(path=path, seed=number), thumbnail=make_picture(number))
        )
        say(f"analysis {exhibit} {summary.document_sha256}")
        note = case.add_note(f"note on {number}", exhibit)
        say(f"note {note.number}")
        say(f"exhibit {case.record_failure(make_failure(Path(f'/evidence/{number}-broken.jpg')))}")
        number += 1


def write_reports(case: Case, folder: Path, names: list[str]) -> None:
    """Write reports in these formats over and over."""
    forms = [form for form in FORMATS if form.name in names]
    while True:
        for form in forms:
            form.load()(case, folder / f"report{form.suffix}")
            say(f"report {form.suffix}")


def main() -> None:
    """Wait for a line, then work until killed: ``fill CASE START`` or ``report CASE FOLDER FORMAT…``."""
    task, path, argument, *names = sys.argv[1:]
    with open_case(Path(path), actor="A. Kovač", clock=lambda: datetime.now(UTC)) as case:
        say("ready")
        if not sys.stdin.readline():
            return
        if task == "fill":
            fill(case, int(argument))
        else:
            write_reports(case, Path(argument), names)


if __name__ == "__main__":
    main()

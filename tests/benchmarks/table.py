"""What was measured, as a table: Markdown to read, JSON to compare."""

import json
import statistics
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Line:
    """One measurement."""

    what: str
    value: float
    unit: str
    ratio: float | None = None
    """Against the section's reference, as the section says."""


@dataclass(frozen=True, slots=True)
class Section:
    """Measurements of one thing, made in one run."""

    title: str
    reference: str
    """What the ratios compare with, and in which sense."""
    lines: tuple[Line, ...]


def seconds_of(run: Callable[[], object], *, for_s: float, least: int = 3) -> float:
    """Return the median duration of the calls that fit in the time, after one that is not counted."""
    run()
    durations: list[float] = []
    until = time.perf_counter() + for_s
    while time.perf_counter() < until or len(durations) < least:
        started = time.perf_counter()
        run()
        durations.append(time.perf_counter() - started)
    return statistics.median(durations)


def as_markdown(sections: Iterable[Section], machine: str) -> str:
    """Return the tables, one a section."""
    parts = [f"Measured on {machine}."]
    for section in sections:
        lines = [
            f"### {section.title}",
            "",
            f"Ratio: {section.reference}.",
            "",
            "| what | measured | ratio |",
        ]
        lines.append("|---|---:|---:|")
        for line in section.lines:
            ratio = "" if line.ratio is None else f"{line.ratio:.3g}"
            lines.append(f"| {line.what} | {line.value:.4g} {line.unit} | {ratio} |")
        parts.append("\n".join(lines))
    return "\n\n".join(parts) + "\n"


def as_json(sections: Iterable[Section], machine: str) -> str:
    """Return the same as JSON."""
    return (
        json.dumps({"machine": machine, "sections": [asdict(section) for section in sections]}, indent=2)
        + "\n"
    )

"""Charts of an evaluation and of a calibration, as PNG, SVG or PDF by the name's ending."""

import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from geolocdesk.errors import UsageError
from geolocdesk.estimation.location import LEVELS
from geolocdesk.evaluation.evaluate import Evaluation, MethodResult
from geolocdesk.evaluation.methods import CLASSES
from geolocdesk.evaluation.reliability import Reliability
from geolocdesk.whole_file import whole_file

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from geolocdesk.evaluation.calibrate import CalibrationFit

SUFFIXES = (".png", ".svg", ".pdf")

BEFORE, AFTER, QUIET = "#b0b7c3", "#1f5fa8", "#5b6470"

_BASELINES = ("london", "constant", "random")
_GREYS = ("#8b94a1", "#b4bbc5", "#d3d8df")
_BRIGHT = (
    "#1f5fa8",
    "#7fb2e5",
    "#2a9d8f",
    "#e9a23b",
    "#c8553d",
    "#7a5195",
    "#bc5090",
    "#3d405b",
    "#a98467",
)
_FEW_CELLS, _ALL_CELLS = (205, 229, 172), (45, 88, 32)
"""Red, green and blue of the classes, from one head of few cells to all heads combined."""

_LEAST_KM = 0.05
"""Where the curve begins; nearer answers count as this near."""


def check_plot(path: Path) -> None:
    """Raise UsageError unless the name's ending is that of a picture that can be written."""
    if path.suffix.lower() not in SUFFIXES:
        message = f"The chart {path} needs a name ending in {', '.join(SUFFIXES)}."
        raise UsageError(message)


def save_figure(path: Path, figure: "Figure") -> None:
    """Write a figure, complete or not at all. Raises OutputError or UsageError."""
    check_plot(path)
    with whole_file(path) as partial:
        figure.savefig(partial, dpi=150, format=path.suffix.lower().lstrip("."))


def new_figure(width_in: float, height_in: float) -> "Figure":
    """Return an empty figure."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width_in, height_in), layout="constrained")


def write_accuracy_plot(path: Path, evaluation: Evaluation) -> None:
    """Draw the accuracies as bars with their intervals: a panel a system, a group of bars a level.

    Raises OutputError or UsageError.
    """
    systems = evaluation.systems
    colours = method_colours(result.method for result in evaluation.results)
    bars = max(len(colours), 1)
    width_in = min(8.0 + 0.35 * bars, 14.0)
    figure = new_figure(width_in, 1.0 + 3.3 * len(systems))
    panels = figure.subplots(len(systems), 1, squeeze=False, sharex=True, sharey=True)[:, 0]
    for axes, system in zip(panels, systems, strict=True):
        found = [result for result in evaluation.results if result.system == system.name]
        _draw_bars(axes, found, colours)
        queries = found[0].accuracy.queries if found else 0
        axes.set_title(
            f"{system.name}: {queries:,} queries, {system.references:,} references", fontsize=10, loc="left"
        )
        axes.set_ylabel("located, %")
    panels[-1].set_xticks(range(len(LEVELS)), [f"{level.name}\n{level.radius_km:g} km" for level in LEVELS])
    handles = {
        label: handle
        for axes in panels
        for handle, label in zip(*axes.get_legend_handles_labels(), strict=True)
    }
    figure.legend(
        handles.values(),
        handles.keys(),
        loc="outside lower center",
        ncols=min(len(handles), 10) or 1,
        frameon=False,
        fontsize=9,
    )
    figure.suptitle("Queries located within each level's radius (lines: 95 % interval)", fontsize=11)
    save_figure(path, figure)


def _draw_bars(axes: "Axes", results: Sequence[MethodResult], colours: Mapping[str, str]) -> None:
    width = 0.84 / max(len(results), 1)
    for number, result in enumerate(results):
        percent = np.array(result.accuracy.accuracy_percent)
        interval = np.array(result.accuracy.interval_percent)
        places = np.arange(len(LEVELS)) + (number + 0.5) * width - 0.42
        axes.bar(places, percent, width * 0.9, color=colours[result.method], label=result.method, zorder=2)
        axes.vlines(places, interval[:, 0], interval[:, 1], color="#22272e", linewidth=0.9, zorder=3)
    axes.grid(axis="y", color="#e6e9ee", linewidth=0.7)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(length=0)


def write_curve_plot(path: Path, evaluation: Evaluation) -> None:
    """Draw, for every result with one answer a query, how many queries are located within each distance.

    Raises OutputError or UsageError.
    """
    systems = evaluation.systems
    colours = method_colours(result.method for result in evaluation.results)
    figure = new_figure(9.5, 1.0 + 3.6 * len(systems))
    panels = figure.subplots(len(systems), 1, squeeze=False, sharex=True, sharey=True)[:, 0]
    for axes, system in zip(panels, systems, strict=True):
        for level in LEVELS:
            axes.axvline(level.radius_km, color="#cfd5dd", linewidth=0.9, zorder=1)
            axes.text(level.radius_km, 101.5, level.name, ha="center", va="bottom", fontsize=8, color=QUIET)
        for result in evaluation.results:
            if result.system == system.name and result.is_one_answer:
                errors_km = np.sort(np.maximum(result.errors_km[:, 0], _LEAST_KM))
                share = 100.0 * np.arange(1, len(errors_km) + 1) / len(errors_km)
                style = (0, (4, 2)) if result.method in _BASELINES else "solid"
                axes.step(
                    [_LEAST_KM, *errors_km],
                    [0.0, *share],
                    where="post",
                    color=colours[result.method],
                    linestyle=style,
                    linewidth=1.6,
                    label=result.method,
                )
        axes.set_title(f"{system.name}, {system.references:,} references", fontsize=10, loc="left", pad=16)
        axes.set_ylabel("located, %")
        axes.set_xscale("log")
        axes.set_xlim(_LEAST_KM, 20_100)
        axes.set_ylim(0, 100)
        axes.grid(axis="y", color="#e6e9ee", linewidth=0.7)
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(frameon=False, fontsize=9, loc="upper left")
    panels[-1].set_xlabel("within, km")
    panels[-1].set_xticks([0.1, 1, 10, 100, 1000, 10_000], ["0.1", "1", "10", "100", "1,000", "10,000"])
    figure.suptitle("Queries located within a distance", fontsize=11)
    save_figure(path, figure)


def method_colours(names: Iterable[str]) -> dict[str, str]:
    """Return one colour a method, the same in every panel.

    What looks at no image is grey; the classes are shades of one green, the darker the more cells, all combined darkest.
    """
    methods = tuple(dict.fromkeys(names))
    classes = sorted((method for method in methods if method.partition("-")[0] == CLASSES), key=_cells_named)
    others = [method for method in methods if method not in classes and method not in _BASELINES]
    greys, bright = iter(_GREYS * 2), iter(_BRIGHT * (1 + len(others) // len(_BRIGHT)))
    return {
        **{
            method: next(greys) if method in _BASELINES else next(bright)
            for method in methods
            if method not in classes
        },
        **dict(zip(classes, _shades(len(classes)), strict=True)),
    }


def _cells_named(method: str) -> float:
    """Return how many cells a method of classes asks; those of all heads combined are the most."""
    cells = method.partition("-")[2]
    return float(cells) if cells else math.inf


def _shades(count: int) -> list[str]:
    shares = np.linspace(0.0, 1.0, count)[:, None]
    colours = (1.0 - shares) * np.array(_FEW_CELLS) + shares * np.array(_ALL_CELLS)
    return ["#" + "".join(f"{round(part):02x}" for part in colour) for colour in colours.tolist()]


def write_reliability_plot(path: Path, fits: "Sequence[CalibrationFit]") -> None:
    """Draw how often answers are right against what they claim: a row a fit, a column a level.

    Raises OutputError or UsageError.
    """
    figure = new_figure(2.6 * len(LEVELS), 3.0 * len(fits) + 0.9)
    grid = figure.subplots(len(fits), len(LEVELS), squeeze=False, sharex=True, sharey=True)
    for row, fit in zip(grid, fits, strict=True):
        for axes, level, before, after in zip(row, LEVELS, fit.before, fit.after, strict=True):
            _draw_reliability(axes, before, after)
            axes.set_title(f"{level.name}, {level.radius_km:g} km", fontsize=10)
        row[0].set_ylabel(f"{fit.parameters.estimator}\nright, %")
    for axes in grid[-1]:
        axes.set_xlabel("said, %")
    first = fits[0].after[0]
    methods = "; ".join(dict.fromkeys(fit.candidates[0].model.method for fit in fits))
    figure.suptitle(
        f"Probabilities said and answers right, {first.photos:,} photos of {first.places:,} places; "
        f"{methods}, cross-validated over places",
        fontsize=11,
    )
    handles, labels = grid[0][0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3, frameon=False, fontsize=9)
    save_figure(path, figure)


def _draw_reliability(axes: "Axes", before: Reliability, after: Reliability) -> None:
    axes.plot([0, 100], [0, 100], color=QUIET, linewidth=0.8, linestyle=(0, (4, 3)), label="as said")
    for found, colour, label, marker in (
        (before, BEFORE, "share of the evidence", "s"),
        (after, AFTER, "calibrated", "o"),
    ):
        said = np.array([item.mean_probability for item in found.bins]) * 100
        right = np.array([item.share_right for item in found.bins]) * 100
        photos = np.array([item.photos for item in found.bins])
        least, most = _wilson(right / 100, photos)
        axes.vlines(said, 100 * least, 100 * most, color=colour, linewidth=1.0, alpha=0.7, zorder=2)
        axes.plot(said, right, color=colour, linewidth=0.9, alpha=0.55, zorder=2)
        axes.scatter(said, right, s=10 + 110 * photos / found.photos, color=colour, marker=marker, zorder=3)
        axes.plot([], [], color=colour, marker=marker, markersize=6, linestyle="none", label=label)
    low, high = after.interval
    axes.text(
        0.03,
        0.97,
        f"off by {before.expected_calibration_error:.3f} → {after.expected_calibration_error:.3f}\n"
        f"95 %: {low:.3f}–{high:.3f}",
        transform=axes.transAxes,
        ha="left",
        va="top",
        fontsize=8,
        color=QUIET,
    )
    axes.set_xlim(-3, 103)
    axes.set_ylim(-3, 103)
    axes.set_aspect("equal")
    axes.set_xticks([0, 25, 50, 75, 100])
    axes.set_yticks([0, 25, 50, 75, 100])
    axes.tick_params(labelsize=8)
    axes.grid(color="#e6e9ee", linewidth=0.6)
    axes.spines[["top", "right"]].set_visible(False)


def _wilson(share: NDArray[np.float64], count: NDArray[np.int64]) -> tuple[NDArray[np.float64], ...]:
    """Return the 95 % interval of shares of counts (Wilson, 1927)."""
    z2 = 1.96**2
    middle = (share + z2 / (2 * count)) / (1 + z2 / count)
    half = np.sqrt(z2 * (share * (1 - share) / count + z2 / (4 * count**2))) / (1 + z2 / count)
    return middle - half, middle + half

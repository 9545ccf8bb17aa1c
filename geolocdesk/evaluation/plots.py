"""Charts of an evaluation and of a calibration, as PNG, SVG or PDF by the name's ending."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from geolocdesk.errors import UsageError
from geolocdesk.estimation.location import LEVELS
from geolocdesk.evaluation.reliability import Reliability
from geolocdesk.whole_file import whole_file

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from geolocdesk.evaluation.calibrate import CalibrationFit

SUFFIXES = (".png", ".svg", ".pdf")

BEFORE, AFTER, QUIET = "#b0b7c3", "#1f5fa8", "#5b6470"


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

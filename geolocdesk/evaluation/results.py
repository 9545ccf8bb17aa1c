"""An evaluation written down: a table and a bar chart."""

import csv
from pathlib import Path

from geolocdesk.errors import UsageError
from geolocdesk.estimation.location import LEVELS
from geolocdesk.evaluation.evaluate import Evaluation
from geolocdesk.whole_file import whole_file

PLOT_SUFFIXES = (".png", ".svg", ".pdf")


def write_table(path: Path, evaluation: Evaluation) -> None:
    """Write one row a method: queries, then accuracy and its interval in percent a level. Raises OutputError."""
    header = ["method", "queries", "references"]
    for level in LEVELS:
        name = f"{level.radius_km:g}_km"
        header += [f"{name}_percent", f"{name}_low", f"{name}_high"]
    with whole_file(path) as partial, partial.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(header)
        for accuracy in evaluation.accuracies:
            row: list[object] = [accuracy.method, accuracy.queries, evaluation.references]
            for percent, (low, high) in zip(
                accuracy.accuracy_percent, accuracy.interval_percent, strict=True
            ):
                row += [f"{value:.2f}" for value in (percent, low, high)]
            writer.writerow(row)


def write_plot(path: Path, evaluation: Evaluation) -> None:
    """Draw the accuracies as grouped bars with their intervals, as PNG, SVG or PDF by the name's ending.

    Raises OutputError or UsageError.
    """
    if path.suffix.lower() not in PLOT_SUFFIXES:
        message = f"The chart {path} needs a name ending in {', '.join(PLOT_SUFFIXES)}."
        raise UsageError(message)
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9.0, 5.0), layout="constrained")
    axes = figure.subplots()
    width = 0.8 / max(len(evaluation.accuracies), 1)
    for number, accuracy in enumerate(evaluation.accuracies):
        places = [level + (number + 0.5) * width - 0.4 for level in range(len(LEVELS))]
        low = [
            max(percent - interval[0], 0.0)
            for percent, interval in zip(accuracy.accuracy_percent, accuracy.interval_percent, strict=True)
        ]
        high = [
            max(interval[1] - percent, 0.0)
            for percent, interval in zip(accuracy.accuracy_percent, accuracy.interval_percent, strict=True)
        ]
        axes.bar(
            places,
            accuracy.accuracy_percent,
            width * 0.92,
            yerr=[low, high],
            label=accuracy.method,
            capsize=2,
        )
    axes.set_xticks(range(len(LEVELS)), [f"{level.name}\n{level.radius_km:g} km" for level in LEVELS])
    axes.set_ylabel("queries located, %")
    queries = evaluation.accuracies[0].queries if evaluation.accuracies else 0
    axes.set_title(f"{queries} queries against {evaluation.references} references (bars: 95 % interval)")
    axes.set_ylim(0, 100)
    axes.legend(frameon=False, ncols=min(len(evaluation.accuracies), 6) or 1)
    axes.spines[["top", "right"]].set_visible(False)
    with whole_file(path) as partial:
        figure.savefig(partial, dpi=150, format=path.suffix.lower().lstrip("."))

"""What others published for the same task, to stand beside what was measured: on other photos, so only a guide.

Sources: Vo, Jacobs and Hays, "Revisiting IM2GPS in the Deep Learning Era" (ICCV 2017), tables 1 and 2, and what
it quotes; for Im2GPS3k the publications of each method.
"""

from dataclasses import dataclass

from geolocdesk.provenance import JsonValue

Percents = tuple[float | None, float | None, float | None, float | None, float | None]


@dataclass(frozen=True, slots=True)
class PublishedResult:
    """One published row: percent right at each level, None where it was not published."""

    method: str
    references: str
    percent: Percents

    def to_json(self) -> dict[str, JsonValue]:
        """Return the row as plain JSON values."""
        return {"method": self.method, "references": self.references, "accuracy_percent": [*self.percent]}


@dataclass(frozen=True, slots=True)
class PublishedTable:
    """Published rows on one test set."""

    test_set: str
    results: tuple[PublishedResult, ...]

    def percent(self, method: str, references: str = "") -> Percents:
        """Return the percents of one row. Raises KeyError where there is none."""
        rows = {(result.method, result.references): result.percent for result in self.results}
        return rows[method, references]


OURS, YFCC, BOTH = "Im2GPS, 6 million", "YFCC, 22 million", "both, 28 million"
"""The sets of references that the paper's authors searched."""

IM2GPS = PublishedTable(
    "Im2GPS test set, 237 photos",
    (
        PublishedResult("human", "", (None, None, 3.8, 13.9, 39.3)),
        PublishedResult("Im2GPS (2008)", OURS, (None, 12.0, 15.0, 23.0, 47.0)),
        PublishedResult("Im2GPS (2015)", OURS, (2.5, 21.9, 32.1, 35.4, 51.9)),
        PublishedResult("PlaNet", "", (8.4, 24.5, 37.6, 53.6, 71.3)),
        PublishedResult("[L] C, 7011 classes", "", (6.8, 21.9, 34.6, 49.4, 63.7)),
        PublishedResult("[L] NN", OURS, (12.7, 33.3, 40.9, 53.2, 71.7)),
        PublishedResult("[L] NN", YFCC, (12.2, 30.4, 37.6, 51.1, 67.1)),
        PublishedResult("[L] NN", BOTH, (13.9, 32.9, 40.5, 54.4, 70.9)),
        PublishedResult("[L] kNN, σ = 1", OURS, (13.1, 36.3, 44.3, 56.1, 70.0)),
        PublishedResult("[L] kNN, σ = 1", YFCC, (12.7, 34.2, 43.9, 55.3, 68.8)),
        PublishedResult("[L] kNN, σ = 1", BOTH, (15.2, 37.6, 46.0, 57.0, 69.2)),
        PublishedResult("[L] kNN, σ = 4", OURS, (12.2, 33.3, 44.3, 57.4, 71.3)),
        PublishedResult("[L] kNN, σ = 4", YFCC, (11.8, 31.2, 42.2, 58.7, 70.0)),
        PublishedResult("[L] kNN, σ = 4", BOTH, (14.4, 33.3, 47.7, 61.6, 73.4)),
        PublishedResult("[L] kNN, σ = 16", OURS, (10.6, 24.9, 35.4, 59.5, 75.9)),
        PublishedResult("[L] kNN, σ = 16", YFCC, (8.4, 19.8, 34.6, 58.2, 74.7)),
        PublishedResult("[L] kNN, σ = 16", BOTH, (11.8, 24.9, 36.7, 60.8, 77.2)),
        PublishedResult("CLIP features, NN", "1 million", (13.9, 32.9, 43.0, 62.0, 79.3)),
    ),
)

IM2GPS3K = PublishedTable(
    "Im2GPS3k, 2997 photos",
    (
        PublishedResult("[L] kNN, σ = 4", BOTH, (7.2, 19.4, 26.9, 38.9, 55.9)),
        PublishedResult("ISNs", "", (10.5, 28.0, 36.6, 49.7, 66.0)),
        PublishedResult("GeoCLIP", "", (14.1, 34.5, 50.7, 69.7, 83.8)),
        PublishedResult("PIGEOTTO", "", (11.3, 36.7, 53.8, 72.4, 85.3)),
    ),
)

PUBLISHED = (IM2GPS, IM2GPS3K)

"""The page that tells a reader who knows nothing of neural networks what was done and how far to trust it."""

from dataclasses import dataclass

from geolocdesk.evaluation.published import BOTH, IM2GPS, IM2GPS3K, OURS, Percents


@dataclass(frozen=True, slots=True)
class PublishedRow:
    """Error rates others published, in per cent of photos right at each level."""

    method: str
    percent: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PublishedTable:
    """Published error rates with their source."""

    title: str
    source: str
    columns: tuple[str, ...]
    rows: tuple[PublishedRow, ...]


@dataclass(frozen=True, slots=True)
class MethodPage:
    """How the answers came about, in plain language, with what limits them."""

    sections: tuple[tuple[str, tuple[str, ...]], ...]
    """Heading and paragraphs."""
    tables: tuple[PublishedTable, ...]


_SECTIONS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        "What was asked",
        (
            (
                "Where on Earth was a photo taken? The answer is drawn from the picture alone. What a file says about "
                "itself (its EXIF metadata, which anybody can change) is read and shown, but never enters the answer; "
                "the report gives both and the distance between them."
            ),
        ),
    ),
    (
        "How the answer was found",
        (
            (
                "A neural network, whose name and hash stand under “Provenance”, turns each photo into a list of "
                "numbers, its descriptor. Photos that look alike to the network get descriptors that lie close together."
            ),
            (
                "The descriptor is compared with those of a collection of reference photos whose positions are known, "
                "the reference pack. The most similar ones, the neighbours, are listed with the descriptor distance: "
                "0 means indistinguishable to the network, 2 is the most there can be, and what counts as near depends on the model."
            ),
            (
                "Each neighbour votes for its own position, a closer one with more weight. The votes are smoothed over the "
                "surface of the Earth, which gives a density: high where many good neighbours agree. The single best "
                "position is where the density, or what the named estimator defines in its place, is highest."
            ),
            (
                "For each of five levels of precision (street 1 km, city 25 km, region 200 km, country 750 km, continent "
                "2,500 km) the report names the circle of that radius that holds most of the density, and its share. "
                "The 50 % and 90 % regions are the smallest areas that hold that share of the density; they may "
                "consist of several parts."
            ),
        ),
    ),
    (
        "How to read the probabilities",
        (
            (
                "A probability marked “not calibrated” is the share of the votes inside the circle. It orders answers, "
                "but it has not been compared with how often such answers are right, and must not be read as a chance."
            ),
            (
                "A probability marked “calibrated on N photos” was adjusted on N photos with known positions that were "
                "not in the search, so that among answers given 70 %, about 70 % were right there. It holds for photos "
                "like those, and not for others. A photo that is further from its neighbours than nearly all of those "
                "is marked: it “resembles nothing in the reference pack”, and its probabilities mean nothing."
            ),
        ),
    ),
    (
        "What limits the answer",
        (
            (
                "The method can only point to places that its reference photos show. A place without references cannot "
                "be found, and the answer will then be a look-alike elsewhere, without any warning in the picture itself."
            ),
            (
                "Interiors, portraits, close-ups, night scenes, edited or generated pictures, screenshots and pictures "
                "of pictures carry little or misleading information about where they were taken. So do "
                "scenes that look the same in many countries: beaches, forests, motorways, hotel rooms."
            ),
            (
                "A photo of a copy or a replica (a scale model, a film set, a famous building's twin) is placed where "
                "the reference shows the look, not where the photo was taken."
            ),
            "The answer says nothing about when a photo was taken or by whom.",
            (
                "Each answer is an investigative lead. It is to be confirmed by independent means, such as comparing "
                "details of the scene with recent pictures of the place, before anybody relies on it."
            ),
        ),
    ),
    (
        "How to check this report",
        (
            (
                "The case file holds every answer with the model, the reference pack, the parameters and the software "
                "versions behind it. “geolocdesk verify” checks the case's audit trail, compares the evidence with its "
                "hashes and computes each answer again; the same photo, model, pack and parameters give the same answer."
            ),
            (
                "The audit trail is a chain: each entry carries the hash of the one before. The newest entry's hash, "
                "printed on the title page, stands for the whole history."
            ),
        ),
    ),
    (
        "How often methods of this kind are right",
        (
            (
                "The tables give what the authors named there published, in per cent of test photos whose answer lay "
                "within each radius. They show what kind of performance to expect, and how strongly it depends on the "
                "network and on the number of references. They were not measured with the model and the pack used "
                "in this report."
            ),
        ),
    ),
)

_COLUMNS = ("1 km", "25 km", "200 km", "750 km", "2,500 km")


def _row(in_plain_words: str, percent: Percents) -> PublishedRow:
    return PublishedRow(in_plain_words, tuple("–" if value is None else f"{value:.1f}" for value in percent))


_IM2GPS = PublishedTable(
    title="Im2GPS test set, 237 photos",
    source="Vo, Jacobs and Hays, “Revisiting IM2GPS in the Deep Learning Era”, ICCV 2017, and the works it compares with",
    columns=_COLUMNS,
    rows=(
        _row("Human (30 people, 940 trials)", IM2GPS.percent("human")),
        _row("Im2GPS, 2008", IM2GPS.percent("Im2GPS (2008)", OURS)),
        _row("Im2GPS, 2015", IM2GPS.percent("Im2GPS (2015)", OURS)),
        _row("PlaNet", IM2GPS.percent("PlaNet")),
        _row("Classification into 7,011 areas", IM2GPS.percent("[L] C, 7011 classes")),
        _row("Nearest neighbour, 6 million references", IM2GPS.percent("[L] NN", OURS)),
        _row("Density of neighbours, σ = 4°, 6 million references", IM2GPS.percent("[L] kNN, σ = 4", OURS)),
        _row("Density of neighbours, σ = 4°, 28 million references", IM2GPS.percent("[L] kNN, σ = 4", BOTH)),
    ),
)

_IM2GPS_3K = PublishedTable(
    title="Im2GPS3k test set, about 3,000 photos",
    source="as published by the authors of each method",
    columns=_COLUMNS,
    rows=(
        _row("Density of neighbours, σ = 4° (Vo and others, 2017)", IM2GPS3K.percent("[L] kNN, σ = 4", BOTH)),
        _row("ISNs", IM2GPS3K.percent("ISNs")),
        _row("GeoCLIP", IM2GPS3K.percent("GeoCLIP")),
        _row("PIGEOTTO", IM2GPS3K.percent("PIGEOTTO")),
    ),
)

METHOD_PAGE = MethodPage(_SECTIONS, (_IM2GPS, _IM2GPS_3K))

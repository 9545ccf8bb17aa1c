"""The HTML report read back with a parser, and its packed data with other people's decoders."""

import base64
import hashlib
import json
import re
import zlib
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any

import mapbox_vector_tile
import numpy as np
import pytest
import shapely

from geolocdesk.cartography.overlay import BAND_MASSES, LAYERS, overlay_of
from geolocdesk.casefile.case import Case
from geolocdesk.casefile.exhibit import CaseDetails
from geolocdesk.casefile.opening import create_case
from geolocdesk.errors import OutputError, UsageError
from geolocdesk.evidence.record import ExifTag
from geolocdesk.geodesy import Position
from geolocdesk.progress import Cancelled, Progress
from geolocdesk.reporting import html_page
from geolocdesk.reporting.formats import FORMATS
from geolocdesk.reporting.html import write_html
from geolocdesk.reporting.html_map import _units_for_surface, overlay_block
from geolocdesk.reporting.html_tiles import GROUND_ZOOM, LABEL_ZOOM, TileShelf
from geolocdesk.reporting.report import WHAT_IS_SYNTHETIC, WHAT_IT_IS, ReportContents
from tests.doubles.analyses import FIJI, NORTH_POLE, ZAGREB, make_analysis
from tests.doubles.cases import HOSTILE_NAME, ticking_clock, varied_case

ATTACKS = (
    "</script><script>window.taken=1</script>",
    "<img src=x onerror=window.taken=1>",
    "\"'><svg/onload=window.taken=1>",
    "</template></style><!--<b>",
)


class Page(HTMLParser):
    """What a parser makes of the page: elements with their attributes, and what stands in each."""

    def __init__(self, path: Path) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.blocks: list[tuple[str, dict[str, str | None], str]] = []
        """Scripts and styles, with their content."""
        self.words = ""
        self._open: tuple[str, dict[str, str | None]] | None = None
        self._held = ""
        self.source = path.read_text(encoding="utf-8")
        self.feed(self.source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag in {"script", "style"}:
            self._open, self._held = (tag, dict(attrs)), ""

    def handle_endtag(self, tag: str) -> None:
        if self._open is not None and self._open[0] == tag:
            self.blocks.append((*self._open, self._held))
            self._open = None

    def handle_data(self, data: str) -> None:
        if self._open is None:
            self.words += data
        else:
            self._held += data

    def attributes(self, name: str) -> list[str]:
        return [values[name] or "" for _tag, values in self.elements if name in values]

    def programs(self, kind: str) -> list[str]:
        """Return the styles, or the scripts that run."""
        return [
            content for tag, attributes, content in self.blocks if tag == kind and "type" not in attributes
        ]

    def data(self, kind: str) -> list[str]:
        """Return the packed blocks whose id or class is ``kind``."""
        return [
            content
            for _tag, attributes, content in self.blocks
            if kind in {attributes.get("id"), attributes.get("class")}
        ]

    @property
    def policy(self) -> str:
        return next(
            values["content"] or ""
            for tag, values in self.elements
            if tag == "meta" and values.get("http-equiv") == "Content-Security-Policy"
        )


def unpacked(block: str) -> bytes:
    return zlib.decompress(base64.b64decode(block))


@pytest.fixture(scope="module")
def varied_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("varied")
    with varied_case(folder / "varied.gldcase") as case:
        write_html(case, folder / "report.html")
    return folder / "report.html"


@pytest.fixture(scope="module")
def varied(varied_file: Path) -> Page:
    return Page(varied_file)


def attack(case: Case) -> None:
    """Put the attacks wherever text from outside can go."""
    for number, text in enumerate(ATTACKS, start=1):
        analysis = make_analysis(path=Path("/evidence") / text.replace("/", "∕"), seed=number)
        tags = (ExifTag(f"Image {text}", text),)
        exif = replace(analysis.evidence.exif, tags=tags, camera=text, software=text, remark=text)
        record = replace(analysis.evidence, exif=exif, remarks=(text,))
        items = tuple(
            replace(item, reference=replace(item.reference, place=text, photographer=text, licence=text))
            for item in analysis.neighbours.items
        )
        found = replace(analysis.neighbours, items=items)
        case.record_analysis(replace(analysis, evidence=record, neighbours=found))
        case.add_note(text, number)
        case.set_tags(number, (text,))
        case.add_note(text)


@pytest.fixture(scope="module")
def attacked(tmp_path_factory: pytest.TempPathFactory) -> Page:
    folder = tmp_path_factory.mktemp("attacked")
    details = CaseDetails(ATTACKS[0], ATTACKS[1], ATTACKS[2], ATTACKS[3], "".join(ATTACKS))
    with create_case(folder / "a.gldcase", details, actor=ATTACKS[1], clock=ticking_clock()) as case:
        attack(case)
        write_html(case, folder / "report.html")
    return Page(folder / "report.html")


class TestUntrustedText:
    def test_attacks_stay_text(self, attacked: Page) -> None:
        for text in ATTACKS:
            assert attacked.words.count(text) >= 5  # a note, a tag's value, a camera, a label, a place …

    def test_attacks_add_no_element(self, attacked: Page, varied: Page) -> None:
        tags = {tag for tag, _ in attacked.elements}
        assert tags <= {tag for tag, _ in varied.elements}
        assert not {"svg", "b", "template"} & tags

    def test_no_attribute_runs_anything(self, attacked: Page) -> None:
        names = {name for _tag, values in attacked.elements for name in values}
        assert not {name for name in names if name.startswith("on")}
        assert "style" not in names

    def test_scripts_are_those_of_any_report(self, attacked: Page, varied: Page) -> None:
        assert attacked.programs("script") == varied.programs("script")

    def test_overlay_texts_are_packed_away(self, attacked: Page) -> None:
        for block in attacked.data("overlay") + attacked.data("tiles"):
            assert re.fullmatch(r"[A-Za-z0-9+/=]+", block)

    def test_invisible_characters_are_spelled_out(self, varied: Page) -> None:
        assert "\u202e" in HOSTILE_NAME
        assert "\u202e" not in varied.source
        assert "⟨U+202E⟩gpj" in varied.words


class TestPolicy:
    def test_nothing_but_this_files_own_blocks(self, varied: Page) -> None:
        rules = dict(rule.split(" ", 1) for rule in varied.policy.split("; "))
        assert rules["default-src"] == "'none'"
        assert rules["img-src"] == "data:"
        assert rules["base-uri"] == rules["form-action"] == "'none'"
        assert "unsafe" not in varied.policy
        assert "connect-src" not in rules

    @pytest.mark.parametrize("kind", ["script", "style"])
    def test_hashes_are_those_of_the_blocks(self, varied: Page, kind: str) -> None:
        rules = dict(rule.split(" ", 1) for rule in varied.policy.split("; "))
        expected = [
            f"'sha256-{base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()}'"
            for content in varied.programs(kind)
        ]
        assert rules[f"{kind}-src"].split() == expected

    def test_policy_comes_before_anything_it_governs(self, varied: Page) -> None:
        tags = [tag for tag, _ in varied.elements]
        names = [values.get("http-equiv") for _tag, values in varied.elements]
        first = names.index("Content-Security-Policy")
        assert first < tags.index("style")
        assert first < tags.index("script")

    def test_no_address_leads_out_of_the_file(self, varied: Page) -> None:
        for address in varied.attributes("href"):
            assert address.startswith("#")
        for address in varied.attributes("src"):
            assert address.startswith("data:image/jpeg;base64,")
        for style in varied.programs("style"):
            assert set(re.findall(r"url\(\"?([a-z]+:[a-z/+]*)?", style)) <= {"data:image/svg+xml"}
            assert "@import" not in style
            assert "@font-face" not in style
        assert "geolocdesk://map/icons" not in varied.source

    def test_carriage_returns_would_change_the_hashes(self, varied_file: Path) -> None:
        assert b"\r" not in varied_file.read_bytes()

    @pytest.mark.parametrize("text", ["a</script >", "b</STYLE>", "<!-- c"])
    def test_a_block_that_would_end_early_is_refused(self, text: str) -> None:
        with pytest.raises(ValueError, match="tag that would end it"):
            html_page._inline(text)


class TestContent:
    def test_every_exhibit_but_the_removed_is_there(self, varied: Page) -> None:
        ids = [values["id"] for tag, values in varied.elements if tag == "article"]
        assert ids == [f"exhibit-{number}" for number in range(1, 7)]

    def test_what_it_is_stands_at_the_top(self, varied: Page) -> None:
        assert WHAT_IT_IS in varied.words.partition("Exhibits")[0]

    def test_doubt_is_written_beside_each_probability(self, varied: Page) -> None:
        assert varied.words.count("calibrated on 1,830\xa0photos") >= 3
        assert "not calibrated" in varied.words

    def test_hashes_notes_and_exclusions(self, varied: Page) -> None:
        analysis = make_analysis(ZAGREB, path=Path("/evidence/beach.jpg"), seed=0)
        for text in (
            analysis.evidence.sha256,
            analysis.provenance.weights_sha256,
            analysis.provenance.pack_id,
            '=HYPERLINK("http://example.org") the sign <is> Croatian\nsecond line',
            "On the whole case: 街の写真, עברית, العربية",
            "@boat",
            "untrusted",
            "/evidence/broken.jpg is damaged. Ask for another copy of it.",
        ):
            assert text in varied.words

    def test_audit_trail_is_whole(self, varied_file: Path, varied: Page) -> None:
        from geolocdesk.casefile.opening import read_case

        with read_case(varied_file.with_name("varied.gldcase")) as case:
            for entry in case.audit():
                assert entry.entry_hash in varied.words

    def test_practice_is_said(self, tmp_path: Path) -> None:
        analysis = make_analysis()
        provenance = replace(analysis.provenance, pack_name="Practice world (synthetic)")
        with create_case(tmp_path / "p.gldcase", CaseDetails("P"), actor="A", clock=ticking_clock()) as case:
            case.record_analysis(replace(analysis, provenance=provenance))
            write_html(case, tmp_path / "p.html")
        words = Page(tmp_path / "p.html").words
        assert WHAT_IS_SYNTHETIC in words
        assert "practice, synthetic references" in words

    def test_real_references_are_not_called_practice(self, varied: Page) -> None:
        assert WHAT_IS_SYNTHETIC not in varied.words

    def test_an_empty_case_makes_a_page(self, tmp_path: Path) -> None:
        with create_case(
            tmp_path / "e.gldcase", CaseDetails("Empty"), actor="A", clock=ticking_clock()
        ) as case:
            write_html(case, tmp_path / "e.html")
        page = Page(tmp_path / "e.html")
        assert "0 exhibits" in page.words.replace("\xa0", " ")
        assert not [tag for tag, _ in page.elements if tag == "article"]

    def test_licences_go_with_what_they_are_for(self, varied: Page) -> None:
        version = re.search(r"Leaflet (\d+\.\d+\.\d+), a JS library", varied.source)
        assert version is not None
        for licence in (
            f"Leaflet {version[1]} (BSD-2-Clause)",
            "protomaps-leaflet 5",
            "Natural Earth",
            "GeoNames",
        ):
            assert licence in varied.words

    def test_formats_know_it(self) -> None:
        assert next(kind for kind in FORMATS if kind.name == "html").load() is write_html


class TestAccessibility:
    def test_pictures_have_words(self, varied: Page) -> None:
        assert all(values.get("alt") for tag, values in varied.elements if tag == "img")

    def test_ids_are_unique_and_references_meet(self, varied: Page) -> None:
        ids = Counter(varied.attributes("id"))
        assert max(ids.values()) == 1
        for target in varied.attributes("aria-labelledby"):
            assert target in ids
        for address in varied.attributes("href"):
            assert address[1:] in ids

    def test_language_headings_and_table_heads(self, varied: Page) -> None:
        assert ("html", {"lang": "en"}) in varied.elements
        assert [tag for tag, _ in varied.elements].count("h1") == 1
        assert all("scope" in values for tag, values in varied.elements if tag == "th")


class TestChoiceOfContents:
    def write(self, folder: Path, contents: ReportContents) -> Page:
        with varied_case(folder / "c.gldcase") as case:
            write_html(case, folder / "c.html", contents=contents)
        return Page(folder / "c.html")

    def test_without_maps_there_is_no_map_code(self, tmp_path: Path, varied: Page) -> None:
        page = self.write(tmp_path, ReportContents(maps=False))
        assert page.data("overlay") == page.data("tiles") == []
        assert len(page.programs("script")) == 2
        assert "Leaflet" not in page.words
        assert "protomapsL" not in page.source
        assert "map_geolocdesk" not in page.attributes("id")

    def test_without_pictures_there_are_none(self, tmp_path: Path) -> None:
        page = self.write(tmp_path, ReportContents(photos=False, neighbour_photos=False))
        assert page.attributes("src") == []
        assert "picture not available" in page.words

    def test_parts_left_out(self, tmp_path: Path) -> None:
        page = self.write(
            tmp_path,
            ReportContents(exhibits=frozenset({1, 3}), method=False, audit=False, tags=False, notes=False),
        )
        ids = page.attributes("id")
        assert [name for name in ids if name.startswith("exhibit-")] == ["exhibit-1", "exhibit-3"]
        assert not {"method", "audit"} & set(ids)
        assert "EXIF UserComment" not in page.words
        assert "HYPERLINK" not in page.words

    def test_an_exhibit_there_is_not(self, tmp_path: Path) -> None:
        with pytest.raises(UsageError, match="no exhibit 99"):
            self.write(tmp_path, ReportContents(exhibits=frozenset({99})))
        assert not (tmp_path / "c.html").exists()


class TestWriting:
    def test_same_case_same_bytes(self, varied_file: Path, tmp_path: Path) -> None:
        with varied_case(tmp_path / "varied.gldcase") as case:
            write_html(case, tmp_path / "again.html")
        assert (tmp_path / "again.html").read_bytes() == varied_file.read_bytes()

    def test_cancelling_leaves_what_was_there(self, tmp_path: Path) -> None:
        target = tmp_path / "report.html"
        target.write_text("before")

        def stop(progress: Progress) -> None:
            if progress.done == 2:
                raise Cancelled

        with varied_case(tmp_path / "c.gldcase") as case, pytest.raises(Cancelled):
            write_html(case, target, progress=stop)
        assert target.read_text() == "before"
        assert sorted(path.name for path in tmp_path.iterdir()) == ["c.gldcase", "report.html"]

    def test_exhibits_leave_memory_as_they_are_written(self, tmp_path: Path) -> None:
        sizes: list[int] = []

        def look(progress: Progress) -> None:
            if progress.done < (progress.total or 0):
                sizes.append((tmp_path / ".report.html.partial").stat().st_size)

        with varied_case(tmp_path / "c.gldcase") as case:
            write_html(case, tmp_path / "report.html", progress=look)
        assert len(sizes) == 6
        answered = sizes[:5]  # the last two exhibits have no answer and are small
        assert answered == sorted(set(answered))

    def test_a_folder_that_is_not_there(self, tmp_path: Path) -> None:
        with varied_case(tmp_path / "c.gldcase") as case, pytest.raises(OutputError, match="nowhere"):
            write_html(case, tmp_path / "nowhere" / "report.html")


class TestMapData:
    @pytest.mark.parametrize("position", [ZAGREB, FIJI, NORTH_POLE], ids=["inland", "date line", "pole"])
    def test_overlays_are_the_windows(self, position: Position) -> None:
        analysis = make_analysis(position)
        drawn = json.loads(unpacked(overlay_block(analysis)))
        whole = overlay_of(analysis).to_json()
        assert drawn["bounds"] == {name: list(box) for name, box in whole["bounds"].items()}
        assert drawn["legend"]["levels"] == whole["legend"]["levels"]
        for layer in set(LAYERS) - {"density"}:
            pairs = zip(drawn["layers"][layer]["features"], whole["layers"][layer]["features"], strict=True)
            for found, expected in pairs:
                assert found["properties"] == expected["properties"]
                positions = positions_of(
                    found["geometry"]["coordinates"], drawn["units_per_degree"].get(layer)
                )
                exact = positions_of(expected["geometry"]["coordinates"], None)
                np.testing.assert_allclose(positions, exact, rtol=0, atol=6e-5)

    def test_the_surface_is_nested_round_the_answer(self) -> None:
        drawn = json.loads(unpacked(overlay_block(make_analysis(ZAGREB))))
        units = drawn["units_per_degree"]["density"]
        bands = drawn["layers"]["density"]["features"]
        assert len(bands) == len(BAND_MASSES)
        boxes = [
            shapely.MultiPoint(positions_of(band["geometry"]["coordinates"], units)).envelope
            for band in bands
        ]
        assert all(outer.covers(inner) for outer, inner in pairwise(boxes))
        assert boxes[-1].buffer(1.0).covers(shapely.Point(ZAGREB.longitude, ZAGREB.latitude))

    @pytest.mark.parametrize(
        ("bandwidth_deg", "units"), [(4.0, 1000), (1.0, 1000), (0.2, 10_000), (0.01, 100_000)]
    )
    def test_narrow_kernels_are_drawn_finer(self, bandwidth_deg: float, units: int) -> None:
        assert _units_for_surface(bandwidth_deg) == units

    def test_each_answer_has_its_overlay(self, varied: Page) -> None:
        centres = [json.loads(unpacked(block))["centre_longitude"] for block in varied.data("overlay")]
        assert centres == pytest.approx([15.9772, 179.97, -30.0, -46.6333])

    def test_tiles_are_vector_tiles_of_the_whole_world(self, varied: Page) -> None:
        tiles = read_shelf(varied.data("tiles")[0])
        assert "land" in mapbox_vector_tile.decode(tiles["basemap/0/0/0"])
        zooms = {(name.split("/")[0], int(name.split("/")[1])) for name in tiles}
        assert zooms == {("basemap", zoom) for zoom in range(GROUND_ZOOM + 1)} | {
            ("labels", zoom) for zoom in range(LABEL_ZOOM + 1)
        }

    def test_towns_round_an_answer_are_named(self) -> None:
        assert "Velika Gorica" not in names_of(TileShelf())
        shelf = TileShelf()
        shelf.add_names(make_analysis(ZAGREB).estimate)
        assert {"Zagreb", "Velika Gorica", "Samobor"} <= names_of(shelf)


def read_shelf(block: str) -> dict[str, bytes]:
    content = unpacked(block)
    length = int.from_bytes(content[:4], "big")
    places = json.loads(content[4 : 4 + length])
    start = 4 + length
    return {name: content[start + offset : start + offset + size] for name, (offset, size) in places.items()}


def names_of(shelf: TileShelf) -> set[str]:
    tiles = read_shelf(shelf.block())
    found: set[str] = set()
    for name, content in tiles.items():
        if name.startswith(f"labels/{LABEL_ZOOM}/"):
            cities = mapbox_vector_tile.decode(content).get("cities", {"features": []})
            found |= {city["properties"]["name"] for city in cities["features"]}
    return found


def positions_of(coordinates: Any, units_per_degree: int | None) -> list[list[float]]:  # noqa: ANN401 - any depth
    """Return all positions of a geometry in order; with units, from its lines' steps."""
    if coordinates and not isinstance(coordinates[0], list):
        if units_per_degree is None:
            return [coordinates]
        whole = np.cumsum(np.reshape(coordinates, (-1, 2)), axis=0) / units_per_degree
        positions: list[list[float]] = whole.tolist()
        return positions
    return [place for inner in coordinates for place in positions_of(inner, units_per_degree)]

"""The map as its page draws it: layers are read back from the page, clicks and keys go in through Qt."""

import dataclasses

import numpy as np
import pytest
from geographiclib.geodesic import Geodesic
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from geolocdesk.analysis import Analysis
from geolocdesk.cartography.map_palette import map_palette
from geolocdesk.cartography.overlay import Overlay, overlay_of
from geolocdesk.colours import DARK, LIGHT
from geolocdesk.estimation.location import LEVELS, CellProbabilities
from geolocdesk.estimation.surface import answer_surface
from geolocdesk.geodesy import EARTH_RADIUS_KM, Position, great_circle_km
from tests.doubles.analyses import FIJI, NORTH_POLE, SAO_PAULO, ZAGREB, make_analysis
from tests.web.reader import Reader

SPHERE = Geodesic(EARTH_RADIUS_KM * 1000.0, 0.0)
COUNT = "Object.values(geolocdesk.inspect.overlay.groups.{layer}._layers).length"


def show(reader: Reader, analysis: Analysis) -> Overlay:
    """Show an analysis and wait until it is drawn."""
    overlay = overlay_of(analysis, bands=answer_surface(analysis.neighbours, analysis.estimate))
    drawn: list[float] = []
    reader.view.overlay_drawn.connect(drawn.append)
    reader.view.show_overlay(overlay)
    reader.wait_until(lambda: bool(drawn), "the overlay is drawn")
    reader.view.overlay_drawn.disconnect(drawn.append)
    return overlay


def surface_of(reader: Reader) -> QWidget:
    """Return the widget inside the web view that takes the mouse and the keys."""
    target = reader.view.web_view.focusProxy()
    assert target is not None
    return target


def click(reader: Reader, at: QPoint) -> None:
    QTest.mouseMove(surface_of(reader), at)
    QTest.mouseClick(surface_of(reader), Qt.MouseButton.LeftButton, pos=at)


def marker(rank: int) -> str:
    return f"geolocdesk.inspect.overlay.markers.get({rank})"


def share_of(image: QImage, colour: str, tolerance: int = 3) -> float:
    """Return the share of an image's pixels that have a colour."""
    converted = image.convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(converted.constBits(), dtype=np.uint8).reshape(converted.height(), -1)
    pixels = rows[:, : converted.width() * 3].reshape(-1, 3).astype(np.int16)
    wanted = QColor(colour)
    apart = np.abs(pixels - [wanted.red(), wanted.green(), wanted.blue()]).max(axis=1)
    return float(np.mean(apart <= tolerance))


class TestBaseMap:
    def test_land_and_sea_are_painted(self, reader: Reader) -> None:
        reader.wait_for_tiles()
        palette = map_palette(LIGHT)
        reader.wait_until(lambda: share_of(reader.picture(), palette.land) > 0.1, "land is painted")
        assert share_of(reader.picture(), palette.sea) > 0.3

    def test_tells_when_the_ground_is_drawn(self, reader: Reader) -> None:
        told: list[bool] = []

        def take() -> None:
            told.append(True)

        reader.wait_for_tiles()
        reader.view.tiles_drawn.connect(take)
        show(reader, make_analysis(SAO_PAULO))
        reader.wait_until(lambda: bool(told), "the tiles are drawn")
        reader.view.tiles_drawn.disconnect(take)
        reader.wait_for_tiles()

    def test_names_come_with_the_zoom(self, reader: Reader) -> None:
        names = (
            "[...geolocdesk.inspect.baseMaps.layers[1].views.get('').tileCache.cache.values()]"
            ".flatMap((entry) => (entry.data.get('cities') || []).map((city) => city.props.name))"
        )
        show(reader, make_analysis(ZAGREB))
        reader.view.fit_to_level("region")
        reader.wait_for_tiles()
        reader.wait_for(f"{names}.includes('Ljubljana')")

    def test_theme_changes_every_colour(self, reader: Reader) -> None:
        reader.view.set_theme(dark=True)
        reader.wait_for_tiles()
        land = map_palette(DARK).land
        reader.wait_until(lambda: share_of(reader.picture(), land) > 0.1, "dark land is painted")
        assert share_of(reader.picture(), map_palette(LIGHT).land) < 0.01
        reader.view.set_theme(dark=False)
        reader.wait_for_tiles()
        land = map_palette(LIGHT).land
        reader.wait_until(lambda: share_of(reader.picture(), land) > 0.1, "light land is painted")


class TestOverlay:
    def test_every_layer_arrives(self, reader: Reader) -> None:
        analysis = make_analysis(ZAGREB)
        overlay = show(reader, analysis)
        bands = len(overlay.layers["density"]["features"])
        counted = {
            layer: reader.evaluate(COUNT.format(layer=layer))
            for layer in ("density", "regions", "rings", "neighbours", "answers", "exif")
        }
        assert counted == {
            "density": bands,
            "regions": 2 * 2,  # each line lies over its casing
            "rings": 2 * len(LEVELS),
            "neighbours": 20,
            "answers": len(LEVELS) + 1,
            "exif": 2,  # the mark and its line to the answer
        }
        assert bands > 5

    def test_markers_stand_where_the_neighbours_are(self, reader: Reader) -> None:
        analysis = make_analysis(SAO_PAULO)
        show(reader, analysis)
        shown = reader.evaluate(
            "[...geolocdesk.inspect.overlay.markers].map(([rank, mark]) => [rank, mark.getLatLng().lat, mark.getLatLng().lng])"
        )
        assert len(shown) == len(analysis.neighbours.items)
        for rank, latitude, longitude in shown:
            position = analysis.neighbours.items[int(rank) - 1].reference.position
            apart = great_circle_km(latitude, longitude, position.latitude, position.longitude)
            assert float(apart) < 0.001

    def test_heavier_neighbours_are_larger_and_numbered(self, reader: Reader) -> None:
        show(reader, make_analysis(ZAGREB))
        sizes = reader.evaluate(
            "[1, 20].map((rank) => geolocdesk.inspect.overlay.markers.get(rank).getElement().offsetWidth)"
        )
        assert sizes[0] > sizes[1]
        assert reader.evaluate(f"{marker(1)}.getElement().textContent") == "1"

    def test_the_page_is_never_loaded_again(self, reader: Reader) -> None:
        reader.evaluate("window.remembered = 7")
        for place in (ZAGREB, FIJI, SAO_PAULO):
            show(reader, make_analysis(place))
        assert reader.evaluate("window.remembered") == 7

    def test_clear_takes_everything_away(self, reader: Reader) -> None:
        show(reader, make_analysis(ZAGREB))
        reader.view.clear()
        assert reader.evaluate(COUNT.format(layer="neighbours")) == 0
        assert reader.evaluate("geolocdesk.inspect.legend.box.hidden")

    def test_text_from_a_pack_is_text(self, reader: Reader) -> None:
        analysis = make_analysis(ZAGREB)
        items = analysis.neighbours.items
        hostile = "<img src=x onerror=alert(1)><b>bold</b>"
        first = dataclasses.replace(
            items[0], reference=dataclasses.replace(items[0].reference, place=hostile)
        )
        neighbours = dataclasses.replace(analysis.neighbours, items=(first, *items[1:]))
        show(reader, dataclasses.replace(analysis, neighbours=neighbours))
        reader.evaluate(f"{marker(1)}.openTooltip() && 1")
        tip = "document.querySelector('.card-tip')"
        assert hostile in reader.evaluate(f"{tip}.textContent")
        assert reader.evaluate(f"{tip}.querySelectorAll('img, b').length") == 0

    @pytest.mark.parametrize("layer", ["density", "regions", "rings", "neighbours", "exif"])
    def test_layers_hide_and_show(self, reader: Reader, layer: str) -> None:
        show(reader, make_analysis(ZAGREB))
        on_map = f"geolocdesk.inspect.map.hasLayer(geolocdesk.inspect.overlay.groups.{layer})"
        reader.view.set_layer_visible(layer, shown=False)
        assert reader.evaluate(on_map) is False
        assert reader.evaluate(f"document.querySelector('#layer-{layer}').checked") is False
        reader.view.set_layer_visible(layer, shown=True)
        assert reader.evaluate(on_map) is True

    def test_names_and_graticule_hide_and_show(self, reader: Reader) -> None:
        lines = "Object.values(geolocdesk.inspect.graticule.group._layers).length"
        for layer in ("labels", "graticule"):
            reader.view.set_layer_visible(layer, shown=False)
        assert reader.evaluate("geolocdesk.inspect.baseMaps.layers.length") == 1
        assert reader.evaluate(lines) == 0
        for layer in ("labels", "graticule"):
            reader.view.set_layer_visible(layer, shown=True)
        reader.wait_for(f"{lines} > 5 && geolocdesk.inspect.baseMaps.layers.length === 2")


class TestDateLineAndPole:
    def test_an_answer_on_the_date_line_is_one_whole(self, reader: Reader) -> None:
        overlay = show(reader, make_analysis(FIJI))
        assert overlay.frame.centre_longitude == FIJI.longitude
        spans = reader.evaluate(
            "geolocdesk.inspect.overlay.data.layers.rings.features.map((ring) => ring.geometry.coordinates.length)"
        )
        assert spans == [1] * len(LEVELS)
        west, east = reader.evaluate(
            "(() => { const b = geolocdesk.inspect.map.getBounds(); return [b.getWest(), b.getEast()]; })()"
        )
        assert west < 180.0 < east
        answer = reader.point_of(f"[{FIJI.latitude}, {FIJI.longitude}]")
        assert reader.view.rect().contains(answer)

    def test_what_mercator_cannot_show_is_said(self, reader: Reader) -> None:
        show(reader, make_analysis(NORTH_POLE))
        assert "85°" in reader.evaluate("document.querySelector('.notice').textContent")
        assert reader.evaluate("document.querySelectorAll('.neighbour-place.beyond').length") > 0
        reader.view.clear()
        assert reader.evaluate("document.querySelector('.notice').hidden")

    @pytest.mark.parametrize(
        "place",
        [Position(60.0, 24.0), Position(-16.8, 179.9), Position(84.0, 100.0), Position(-80.0, -179.0)],
        ids=["60 north", "date line", "over the north pole", "over the south pole and the date line"],
    )
    def test_rings_are_geodesic_circles(self, reader: Reader, place: Position) -> None:
        show(reader, make_analysis(place))
        for index, level in enumerate(LEVELS):
            points = np.concatenate(
                reader.evaluate(
                    f"geolocdesk.inspect.overlay.data.layers.rings.features[{index}].geometry.coordinates"
                )
            )
            apart_km = [
                SPHERE.Inverse(place.latitude, place.longitude, latitude, longitude)["s12"] / 1000.0
                for longitude, latitude in points
            ]
            assert np.allclose(apart_km, level.radius_km, rtol=2e-3)
            assert len(points) > 30
            steps = np.abs(np.diff(points[:, 0]))
            assert np.max(steps[steps < 300.0]) < 120.0  # no line runs back across the map


CELLS = CellProbabilities(
    bounds=np.array([[44.0, 48.0, 12.0, 18.0], [48.0, 52.0, 12.0, 18.0], [-60.0, 0.0, -80.0, -40.0]]),
    probabilities=np.array([0.6, 0.25, 0.1]),
    cells=65,
)
"""The most probable cells of a network that tells 65 apart: south, north, west, east."""


def answered_by_classes() -> Analysis:
    """Return an analysis whose answer rests on the probabilities of cells."""
    analysis = make_analysis()
    parameters = dataclasses.replace(analysis.estimate.parameters, estimator="classes")
    estimate = dataclasses.replace(analysis.estimate, parameters=parameters, cells=CELLS)
    return dataclasses.replace(analysis, estimate=estimate)


class TestCells:
    BOUNDS = (
        "Object.values(geolocdesk.inspect.overlay.groups.{layer}._layers).map((layer) => {{ const b = layer.getBounds();"
        " return [b.getSouth(), b.getNorth(), b.getWest(), b.getEast()]; }})"
    )

    def test_the_cells_that_an_answer_rests_on_are_drawn_where_they_lie(self, reader: Reader) -> None:
        show(reader, answered_by_classes())
        drawn = np.array(reader.evaluate(self.BOUNDS.format(layer="cells")), np.float64)
        drawn = drawn[np.argsort(drawn[:, 0])[::-1]]
        np.testing.assert_allclose(drawn, CELLS.bounds[[1, 0, 2]], atol=1e-4)

    def test_the_surface_has_the_cells_colours_and_lies_in_them(self, reader: Reader) -> None:
        show(reader, answered_by_classes())
        surface = np.array(reader.evaluate(self.BOUNDS.format(layer="density")))
        assert len(surface) > 1
        densest = surface[-1]
        np.testing.assert_allclose(densest, CELLS.bounds[0], atol=1e-4)

    def test_a_cell_says_its_probability_under_the_pointer(self, reader: Reader) -> None:
        show(reader, answered_by_classes())
        reader.evaluate("geolocdesk.inspect.map.setView([49.0, 15.0], 6, { animate: false }) && 1")
        for place in ("[51.0, 17.0]", "[50.9, 16.9]"):
            QTest.mouseMove(surface_of(reader), reader.point_of(f"L.latLng({place})"))
        reader.wait_for("document.querySelector('.card-tip')?.innerText.includes('Cell 2 of 65')")
        said = reader.evaluate("document.querySelector('.card-tip').innerText")
        assert "25" in said
        assert "km²" in said

    def test_the_layer_hides_by_its_box_and_is_empty_for_other_answers(self, reader: Reader) -> None:
        show(reader, answered_by_classes())
        assert reader.evaluate(COUNT.format(layer="cells")) == len(CELLS.probabilities)
        on_the_map = "geolocdesk.inspect.map.hasLayer(geolocdesk.inspect.overlay.groups.cells)"
        for shown in (False, True):
            reader.evaluate("document.querySelector('#layer-cells').click()")
            assert reader.evaluate(on_the_map) is shown
        show(reader, make_analysis())
        assert reader.evaluate(COUNT.format(layer="cells")) == 0


class TestSelection:
    def test_a_click_on_a_marker_selects_the_neighbour(self, reader: Reader) -> None:
        show(reader, make_analysis(ZAGREB))
        clicked: list[int] = []
        reader.view.neighbour_clicked.connect(clicked.append)
        top = reader.evaluate(
            "[...geolocdesk.inspect.overlay.markers].find(([rank, mark]) => {"
            " const p = geolocdesk.inspect.map.latLngToContainerPoint(mark.getLatLng());"
            " return mark.getElement().contains(document.elementFromPoint(p.x, p.y)); })[0]"
        )
        click(reader, reader.point_of(f"{marker(int(top))}.getLatLng()"))
        reader.wait_until(lambda: bool(clicked), "the click arrives")
        reader.view.neighbour_clicked.disconnect(clicked.append)
        assert clicked == [int(top)]

    def test_keys_walk_the_ranks_and_select(self, reader: Reader) -> None:
        show(reader, make_analysis(ZAGREB))
        clicked: list[int] = []
        reader.view.neighbour_clicked.connect(clicked.append)
        surface_of(reader).setFocus()
        reader.evaluate(f"{marker(1)}.getElement().focus() || 1")
        QTest.keyClick(surface_of(reader), Qt.Key.Key_Right)
        reader.wait_for(f"document.activeElement === {marker(2)}.getElement()")
        QTest.keyClick(surface_of(reader), Qt.Key.Key_Return)
        reader.wait_until(lambda: bool(clicked), "the key arrives")
        reader.view.neighbour_clicked.disconnect(clicked.append)
        assert clicked == [2]
        assert reader.evaluate("document.querySelectorAll('.neighbour-place[tabindex=\"0\"]').length") == 1

    def test_a_selected_neighbour_stands_out_with_its_line(self, reader: Reader) -> None:
        show(reader, make_analysis(ZAGREB))
        state = "[...document.querySelectorAll('.highlighted')].map((mark) => mark.textContent)"
        reader.view.highlight_neighbour(3)
        assert reader.evaluate(state) == ["3"]
        assert reader.evaluate(COUNT.format(layer="links")) == 1
        reader.view.highlight_neighbour(5)
        assert reader.evaluate(state) == ["5"]
        reader.view.highlight_neighbour(None)
        assert reader.evaluate(state) == []
        assert reader.evaluate(COUNT.format(layer="links")) == 0

    def test_a_level_pointed_at_stands_out(self, reader: Reader) -> None:
        show(reader, make_analysis(ZAGREB))
        weight = "geolocdesk.inspect.overlay.rings.get('{}').getLayers()[0].options.weight"
        reader.view.highlight_level("city")
        assert reader.evaluate(weight.format("city")) > reader.evaluate(weight.format("region"))
        reader.view.highlight_level(None)
        assert reader.evaluate(weight.format("city")) == reader.evaluate(weight.format("region"))

    @pytest.mark.parametrize("level", [level.name for level in LEVELS])
    def test_fit_shows_the_whole_ring_and_not_much_more(self, reader: Reader, level: str) -> None:
        overlay = show(reader, make_analysis(ZAGREB))
        reader.view.fit_to_level(level)
        west, south, east, north = overlay.bounds[level]
        inside, share = reader.evaluate(
            f"(() => {{ const view = geolocdesk.inspect.map.getBounds(), ring = L.latLngBounds([{south}, {west}], [{north}, {east}]);"
            " return [view.contains(ring), (ring.getNorth() - ring.getSouth()) / (view.getNorth() - view.getSouth())]; })()"
        )
        assert inside
        assert share > 0.2


class TestFurniture:
    def test_the_pointer_s_place_is_told(self, reader: Reader) -> None:
        show(reader, make_analysis(ZAGREB))
        told: list[tuple[float, float]] = []
        take = lambda latitude, longitude: told.append((latitude, longitude))  # noqa: E731
        reader.view.pointer_moved.connect(take)
        at = QPoint(400, 300)
        expected = reader.evaluate(
            f"(() => {{ const p = geolocdesk.inspect.map.containerPointToLatLng([{at.x()}, {at.y()}]); return [p.lat, p.lng]; }})()"
        )
        QTest.mouseMove(surface_of(reader), at + QPoint(9, 9))
        QTest.mouseMove(surface_of(reader), at)
        reader.wait_until(lambda: bool(told) and abs(told[-1][0] - expected[0]) < 1e-6, "the place is told")
        reader.view.pointer_moved.disconnect(take)
        assert told[-1] == pytest.approx(tuple(expected))
        text = reader.evaluate("document.querySelector('.coordinates').textContent")
        assert text.startswith(f"{expected[0]:.4f}° N")

    def test_a_distance_is_measured_along_the_great_circle(self, reader: Reader) -> None:
        show(reader, make_analysis(ZAGREB))
        reader.view.fit_to_level("continent")
        lengths: list[str] = []
        reader.view.measured.connect(lengths.append)
        reader.view.measure(on=True)
        first, second = QPoint(330, 300), QPoint(700, 150)
        ends = [
            reader.evaluate(
                f"(() => {{ const p = geolocdesk.inspect.map.containerPointToLatLng([{at.x()}, {at.y()}]); return [p.lat, p.lng]; }})()"
            )
            for at in (first, second)
        ]
        click(reader, first)
        click(reader, second)
        reader.wait_until(lambda: any(lengths), "a length is told")
        expected = float(great_circle_km(*ends[0], *ends[1]))
        kilometres = float(lengths[-1].split("\N{NO-BREAK SPACE}")[0].replace(",", ""))
        assert kilometres == pytest.approx(expected, rel=0.01)
        assert "mi" in lengths[-1]
        vertices = reader.evaluate(
            "Object.values(geolocdesk.inspect.measure.group._layers)[0].getLayers()[0].getLatLngs()[0].length"
        )
        assert vertices > 20  # bent as the great circle is, not straight
        reader.view.measure(on=False)
        reader.wait_for("Object.values(geolocdesk.inspect.measure.group._layers).length === 0")
        reader.view.measured.disconnect(lengths.append)
        assert lengths[-1] == ""

    def test_the_legend_says_what_was_calibrated(self, reader: Reader) -> None:
        show(reader, make_analysis(ZAGREB))
        rows = reader.evaluate(
            "[...document.querySelectorAll('.legend-levels button')].map((row) => [row.textContent, row.title])"
        )
        assert len(rows) == len(LEVELS)
        assert "25\N{NO-BREAK SPACE}km" in rows[1][0]
        assert "calibrated on 1,830 photos" in rows[1][1]

    @pytest.mark.parametrize("height", [300, 420, 490, 700])
    def test_the_legend_never_covers_the_buttons(self, reader: Reader, height: int) -> None:
        before = reader.view.size()
        reader.view.resize(900, height)
        reader.wait_for(f"geolocdesk.inspect.map.getSize().y === {height}")
        show(reader, make_analysis())
        legend = "document.querySelector('.legend')"
        below = (
            f"{legend}.getBoundingClientRect().top > Math.max(...[...document.querySelectorAll('.tools')]"
            ".filter((tools) => !tools.hidden).map((tools) => tools.getBoundingClientRect().bottom))"
        )
        assert reader.evaluate(below)
        assert reader.evaluate("geolocdesk.inspect.legend.isOpen()") is (height == 700)
        reader.evaluate(f"{legend}.querySelector('button').click()")
        if height >= 490:
            assert reader.evaluate(below)
        reader.evaluate("delete geolocdesk.inspect.legend.isChosen")
        reader.view.resize(before)

    def test_every_control_has_a_name(self, reader: Reader) -> None:
        show(reader, make_analysis(ZAGREB))
        nameless = reader.evaluate(
            "[...document.querySelectorAll('button, input, [tabindex=\"0\"]')].filter((control) =>"
            " !(control.getAttribute('aria-label') || control.textContent.trim() || control.labels?.[0]?.textContent)"
            " && control.id !== 'map_geolocdesk').length"
        )
        assert nameless == 0

    def test_letters_are_shortcuts(self, reader: Reader) -> None:
        show(reader, make_analysis(ZAGREB))
        reader.view.fit_to_world()
        surface_of(reader).setFocus()
        zoom = reader.evaluate("geolocdesk.inspect.map.getZoom()")
        QTest.keyClick(surface_of(reader), Qt.Key.Key_A)
        reader.wait_for(f"geolocdesk.inspect.map.getZoom() > {zoom}")


class TestAccessToNothingElse:
    def test_the_page_names_no_other_address(self, reader: Reader) -> None:
        addresses = reader.evaluate(
            "[...document.querySelectorAll('[src], [href]')].map((node) => node.src || node.href)"
        )
        assert addresses
        assert all(address.startswith(("geolocdesk://map/", "data:")) for address in addresses)
        loaded = reader.evaluate("performance.getEntriesByType('resource').map((entry) => entry.name)")
        assert all(address.startswith(("geolocdesk://map/", "data:")) for address in loaded)

import pytest

from geolocdesk.colours import DARK, LEVEL_DASHES, LIGHT, Palette, contrast, relative_luminance
from geolocdesk.estimation.location import LEVELS

PALETTES = pytest.mark.parametrize("palette", [LIGHT, DARK], ids=lambda palette: palette.name)


def test_contrast_agrees_with_figures_published_by_the_w3c() -> None:
    # Understanding SC 1.4.3 gives black on white as 21:1 and #777777 on white as just under 4.5:1.
    assert contrast("#000000", "#ffffff") == pytest.approx(21.0)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)
    assert contrast("#ffffff", "#777777") == contrast("#777777", "#ffffff")
    assert relative_luminance("#ffffff") == pytest.approx(1.0)


@PALETTES
def test_text_is_readable_on_every_surface(palette: Palette) -> None:
    texts = (
        palette.text,
        palette.text_muted,
        palette.accent,
        palette.success,
        palette.warning,
        palette.danger,
    )
    for surface in (palette.window, palette.surface, palette.raised, palette.hover):
        for text in (*texts, *palette.levels, palette.exif):
            assert contrast(text, surface) >= 4.5, (text, surface)


@PALETTES
def test_text_on_fills_is_readable(palette: Palette) -> None:
    pairs = (
        (palette.on_accent, palette.accent),
        (palette.on_accent, palette.accent_hover),
        (palette.on_selection, palette.selection),
        (palette.success, palette.success_fill),
        (palette.warning, palette.warning_fill),
        (palette.danger, palette.danger_fill),
        (palette.busy, palette.busy_fill),
    )
    for text, fill in pairs:
        assert contrast(text, fill) >= 4.5, (text, fill)


@PALETTES
def test_controls_have_an_edge_one_can_see(palette: Palette) -> None:
    for surface in (palette.surface, palette.raised):
        assert contrast(palette.outline, surface) >= 3.0, surface


@PALETTES
def test_every_level_has_its_own_colour_and_dash(palette: Palette) -> None:
    assert len(set(palette.levels)) == len(LEVELS) == len(set(LEVEL_DASHES))


@PALETTES
def test_the_density_ramp_only_gets_stronger(palette: Palette) -> None:
    luminances = [relative_luminance(colour) for colour in palette.density]
    assert luminances == sorted(luminances, reverse=not palette.is_dark)

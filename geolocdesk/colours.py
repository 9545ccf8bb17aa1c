"""The program's colours, for the window, the map and the reports alike: two palettes and nothing else.

Every text colour keeps a contrast of at least 4.5:1 (WCAG 2.2, success criterion 1.4.3) against the
surfaces it is drawn on; every line and mark keeps at least 3:1 (1.4.11). The tests compute both.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Palette:
    """One colour scheme; every colour is ``#rrggbb``."""

    name: str
    is_dark: bool

    window: str
    """Behind everything."""
    surface: str
    """Panels, lists and pages."""
    raised: str
    """Cards, menus, fields and buttons on a surface."""
    hover: str
    pressed: str
    border: str
    """Quiet separators; carries no meaning."""
    outline: str
    """The edge of a control one can use (3:1)."""

    text: str
    text_muted: str
    text_disabled: str

    accent: str
    """Links, focus and the primary action; readable as text."""
    accent_hover: str
    on_accent: str
    selection: str
    on_selection: str

    success: str
    warning: str
    danger: str
    busy: str
    success_fill: str
    warning_fill: str
    danger_fill: str
    busy_fill: str

    levels: tuple[str, str, str, str, str]
    """Street, city, region, country, continent, readable as text on every surface."""
    query: str
    """The photo in question."""
    neighbour: str
    """A reference photo and its marker."""
    exif: str
    """What the file says about itself."""
    density: tuple[str, ...]
    """From little to much probability, for surfaces and their legend."""

    def level(self, index: int) -> str:
        """Return the colour of the level with this index (0 street … 4 continent)."""
        return self.levels[index]


LIGHT = Palette(
    name="light",
    is_dark=False,
    window="#eef0f3",
    surface="#fafbfc",
    raised="#ffffff",
    hover="#eceff4",
    pressed="#e0e5ed",
    border="#dde1e8",
    outline="#868f9f",
    text="#1a1e26",
    text_muted="#565f6f",
    text_disabled="#8b94a3",
    accent="#2452c7",
    accent_hover="#1c43a8",
    on_accent="#ffffff",
    selection="#dbe5fc",
    on_selection="#122a63",
    success="#17693c",
    warning="#855000",
    danger="#b3202a",
    busy="#2452c7",
    success_fill="#e2f3e9",
    warning_fill="#fbefd6",
    danger_fill="#fbe5e6",
    busy_fill="#e4ebfc",
    levels=("#ac1550", "#9c4a00", "#0a6b57", "#1a5fab", "#6145b8"),
    query="#1a1e26",
    neighbour="#2452c7",
    exif="#7a3fa0",
    density=("#fde8b4", "#fbc46c", "#f0913e", "#cf5a3b", "#96304a", "#551a4b"),
)

DARK = Palette(
    name="dark",
    is_dark=True,
    window="#131519",
    surface="#1a1d22",
    raised="#22262d",
    hover="#2a2f37",
    pressed="#333944",
    border="#2d323b",
    outline="#7b8494",
    text="#e7e9ee",
    text_muted="#a6aebc",
    text_disabled="#6f7886",
    accent="#85a8ff",
    accent_hover="#a3beff",
    on_accent="#0e1526",
    selection="#2a3c69",
    on_selection="#e9efff",
    success="#62cd90",
    warning="#e6b450",
    danger="#ff8f88",
    busy="#85a8ff",
    success_fill="#17301f",
    warning_fill="#352910",
    danger_fill="#3b1d1f",
    busy_fill="#1d2946",
    levels=("#ff86b0", "#f3a45c", "#4fc9a8", "#74b3f7", "#b4a0f7"),
    query="#ffffff",
    neighbour="#85a8ff",
    exif="#d29bf0",
    density=("#3a2346", "#722c55", "#b0424e", "#dd6f43", "#f5a956", "#fde3a0"),
)

LEVEL_DASHES: tuple[tuple[int, ...], ...] = ((), (10, 4), (6, 4), (2, 4), (10, 4, 2, 4))
"""The rings' dash patterns in pixels, so that levels can be told apart without colour."""


def relative_luminance(colour: str) -> float:
    """Return the relative luminance of ``#rrggbb``, 0 black – 1 white (WCAG 2.2)."""

    def linear(channel: int) -> float:
        share = channel / 255
        return share / 12.92 if share <= 0.04045 else float(((share + 0.055) / 1.055) ** 2.4)

    red, green, blue = (int(colour[start : start + 2], 16) for start in (1, 3, 5))
    return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)


def contrast(first: str, second: str) -> float:
    """Return the contrast ratio of two colours, 1–21 (WCAG 2.2)."""
    lighter, darker = sorted((relative_luminance(first), relative_luminance(second)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)

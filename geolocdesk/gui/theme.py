"""How the window looks: one place for spacing, type sizes, radii, colours, fonts and the stylesheet.

Widgets ask ``active_palette()`` when they paint and give labels and buttons a role; nothing else in the
window names a colour or a size of its own.
"""

from dataclasses import dataclass
from typing import Literal, cast

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontDatabase, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication, QWidget

from geolocdesk.colours import DARK, LIGHT, Palette
from geolocdesk.gui.stylesheet import stylesheet
from geolocdesk.paths import resource

SchemeChoice = Literal["system", "light", "dark"]

LabelRole = Literal[
    "body", "muted", "caption", "strong", "title", "headline", "display", "mono", "danger", "link"
]
ButtonRole = Literal["plain", "primary", "quiet", "danger", "icon"]


@dataclass(frozen=True, slots=True)
class Space:
    """Distances in logical pixels, on a grid of four."""

    hair: int = 2
    tiny: int = 4
    small: int = 8
    medium: int = 12
    large: int = 16
    huge: int = 24
    vast: int = 40


@dataclass(frozen=True, slots=True)
class Radius:
    """Corner radii in logical pixels."""

    small: int = 4
    medium: int = 6
    large: int = 10


@dataclass(frozen=True, slots=True)
class TypeSize:
    """Text heights in logical pixels at a text scale of 1."""

    caption: int = 11
    body: int = 13
    title: int = 15
    headline: int = 20
    display: int = 28


SPACE = Space()
RADIUS = Radius()
TYPE = TypeSize()
ICON_PX = 18
TOUCH_PX = 30
"""The least height of anything one can click."""

_THEME_PROPERTY = "geolocdesk-theme"
_FONT_FILES = ("Inter-Regular.ttf", "Inter-Medium.ttf", "Inter-SemiBold.ttf", "Inter-Bold.ttf")
_FAMILIES = ["Inter", "Segoe UI", "SF Pro Text", "Noto Sans", "DejaVu Sans"]
_MONO_FAMILIES = ["JetBrains Mono", "Cascadia Mono", "SF Mono", "Noto Sans Mono", "DejaVu Sans Mono"]


class Theme(QObject):
    """The scheme in force; follows the system unless the user chose one. Lives as a child of the application."""

    changed = Signal()
    """The palette or the text scale is another one now; every widget was restyled already."""

    def __init__(self, application: QApplication) -> None:
        super().__init__(application)
        self._application = application
        self._choice: SchemeChoice = "system"
        self._text_scale = 1.0
        self._styled: tuple[str, float] | None = None
        application.styleHints().colorSchemeChanged.connect(self._follow_system)

    @property
    def palette(self) -> Palette:
        """Return the colours in force."""
        if self._choice == "system":
            return _system_palette()
        return DARK if self._choice == "dark" else LIGHT

    @property
    def choice(self) -> SchemeChoice:
        """Return what the user chose."""
        return self._choice

    @property
    def text_scale(self) -> float:
        """Return the factor on every text height."""
        return self._text_scale

    def apply(self, choice: SchemeChoice, text_scale: float = 1.0) -> None:
        """Change the scheme and the text scale (0.8–2) of the whole application."""
        self._choice = choice
        self._text_scale = min(max(text_scale, 0.8), 2.0)
        self._restyle()

    def _follow_system(self) -> None:
        if self._choice == "system":
            self._restyle()

    def _restyle(self) -> None:
        palette = self.palette
        wanted = (palette.name, self._text_scale)
        if wanted == self._styled:
            return
        self._styled = wanted
        self._application.setFont(text_font("body"))
        self._application.setPalette(_qt_palette(palette))
        self._application.setStyleSheet(stylesheet(palette, self._text_scale))
        self.changed.emit()


def install_theme(
    application: QApplication, choice: SchemeChoice = "system", text_scale: float = 1.0
) -> Theme:
    """Give the application its style, fonts and colours, and return the theme that keeps them."""
    existing = installed_theme()
    if existing is not None:
        existing.apply(choice, text_scale)
        return existing
    application.setStyle("Fusion")
    _load_fonts()
    theme = Theme(application)
    application.setProperty(_THEME_PROPERTY, theme)
    theme.apply(choice, text_scale)
    return theme


def installed_theme() -> Theme | None:
    """Return the application's theme, or None where none is installed."""
    application = QApplication.instance()
    # asked at every paint, so kept where it is found at once
    found = None if application is None else application.property(_THEME_PROPERTY)
    return found if isinstance(found, Theme) else None


def active_palette() -> Palette:
    """Return the colours to paint with now; ask again at every paint, they change with the system."""
    theme = installed_theme()
    return _system_palette() if theme is None else theme.palette


def colour(value: str, alpha: float = 1.0) -> QColor:
    """Return a palette's colour for painting, ``alpha`` from 0 (clear) to 1."""
    made = QColor(value)
    made.setAlphaF(alpha)
    return made


def text_font(role: LabelRole = "body") -> QFont:
    """Return the font that a label of this role has, for delegates and painting."""
    theme = installed_theme()
    scale = 1.0 if theme is None else theme.text_scale
    font = QFont()
    font.setFamilies(_MONO_FAMILIES if role == "mono" else _FAMILIES)
    font.setPixelSize(round(_size_of(role) * scale))
    if role in ("strong", "title", "headline", "display"):
        font.setWeight(QFont.Weight.DemiBold)
    return font


def set_role(widget: QWidget, role: LabelRole | ButtonRole) -> None:
    """Give a label or a button its place in the hierarchy; the stylesheet does the rest."""
    widget.setProperty("role", role)
    style = widget.style()
    style.unpolish(widget)
    style.polish(widget)


def is_restyling(event: QEvent) -> bool:
    """Return whether a ``changeEvent`` means that cached colours and fonts are stale."""
    return event.type() in (QEvent.Type.PaletteChange, QEvent.Type.StyleChange, QEvent.Type.FontChange)


def _size_of(role: LabelRole) -> int:
    sizes = {"caption": TYPE.caption, "title": TYPE.title, "headline": TYPE.headline, "display": TYPE.display}
    return sizes.get(role, TYPE.body)


def _system_palette() -> Palette:
    hints = QGuiApplication.styleHints()
    return DARK if hints.colorScheme() == Qt.ColorScheme.Dark else LIGHT


def _load_fonts() -> None:
    folder = resource("fonts")
    for name in _FONT_FILES:
        file = folder / name
        if file.is_file():
            QFontDatabase.addApplicationFont(str(file))


def _qt_palette(colours: Palette) -> QPalette:
    role = QPalette.ColorRole
    named = {
        role.Window: colours.window,
        role.WindowText: colours.text,
        role.Base: colours.surface,
        role.AlternateBase: colours.raised,
        role.Text: colours.text,
        role.Button: colours.raised,
        role.ButtonText: colours.text,
        role.BrightText: colours.danger,
        role.ToolTipBase: colours.raised,
        role.ToolTipText: colours.text,
        role.PlaceholderText: colours.text_muted,
        role.Highlight: colours.selection,
        role.HighlightedText: colours.on_selection,
        role.Link: colours.accent,
        role.LinkVisited: colours.accent,
        role.Accent: colours.accent,
        role.Light: colours.hover,
        role.Midlight: colours.hover,
        role.Mid: colours.border,
        role.Dark: colours.outline,
        role.Shadow: colours.border,
    }
    made = QPalette()
    for entry, value in named.items():
        made.setColor(entry, QColor(value))
    for entry in (role.WindowText, role.Text, role.ButtonText):
        made.setColor(QPalette.ColorGroup.Disabled, entry, QColor(colours.text_disabled))
    return made


def application() -> QApplication:
    """Return the running application."""
    return cast("QApplication", QApplication.instance())

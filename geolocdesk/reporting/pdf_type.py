"""The type of the PDF: embedded fonts, paragraph styles, and text in any script without a silent gap."""

import unicodedata
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from typing import Literal
from xml.sax.saxutils import escape

from reportlab.lib.colors import HexColor
from reportlab.lib.enums import TA_LEFT, TA_RIGHT
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

from geolocdesk.colours import LIGHT
from geolocdesk.paths import resource

REGULAR, MEDIUM, SEMIBOLD, BOLD = "Inter-Regular", "Inter-Medium", "Inter-SemiBold", "Inter-Bold"
CODE = "DejaVuSansMono"
_FALLBACKS = ("DejaVuSans", "DroidSansFallback")
"""Asked in this order for a character that a text's own font does not have."""

_FONTS = (REGULAR, MEDIUM, SEMIBOLD, BOLD, CODE)
_RIGHT_TO_LEFT = frozenset({"R", "AL"})
_NEUTRAL = frozenset({"WS", "ON", "NSM", "EN", "AN", "CS", "ES", "ET", "BN"})
_JOINED_SCRIPTS = ("DEVANAGARI", "BENGALI", "GURMUKHI", "GUJARATI", "ORIYA", "TAMIL", "TELUGU", "KANNADA",
                   "MALAYALAM", "SINHALA", "KHMER", "MYANMAR", "TIBETAN", "MONGOLIAN", "SYRIAC")  # fmt: skip
"""Their letters change with their neighbours; without that they would be misread, so they are spelled out."""


@cache
def register_fonts() -> None:
    """Make the shipped fonts known to reportlab; they are read once and embedded in every report."""
    for name in _FONTS:
        _register(name)
    pdfmetrics.registerFontFamily(REGULAR, normal=REGULAR, bold=SEMIBOLD, italic=REGULAR, boldItalic=SEMIBOLD)
    pdfmetrics.registerFontFamily(CODE, normal=CODE, bold=CODE, italic=CODE, boldItalic=CODE)


@cache
def _register(name: str) -> TTFont:
    font = TTFont(name, str(resource("fonts", f"{name}.ttf")))
    pdfmetrics.registerFont(font)
    return font


@cache
def _characters(font: str) -> frozenset[int]:
    return frozenset(_register(font).face.charToGlyph)


def markup(text: str, font: str = REGULAR) -> str:
    """Return plain text as paragraph markup in which every character has a font that can draw it.

    Characters that no shipped font can draw are spelled out, ``⟨U+0E01⟩``; right-to-left text is put in
    the order and the forms in which it is read. Line ends become line breaks.
    """
    return "<br/>".join(_line_markup(_visual(line), font) for line in text.split("\n"))


def _line_markup(text: str, font: str) -> str:
    pieces = []
    for chosen, characters in groupby(text, key=lambda character: _font_for(character, font)):
        run = "".join(characters)
        if chosen == "":
            code = "".join(f"⟨U+{ord(character):04X}⟩" for character in run)
            pieces.append(f'<font name="{_FALLBACKS[0]}">{code}</font>')
        elif chosen == font:
            pieces.append(escape(run))
        else:
            pieces.append(f'<font name="{chosen}">{escape(run)}</font>')
    return "".join(pieces)


@cache
def _font_for(character: str, font: str) -> str:
    """Return the first font that can draw a character, ``""`` for none."""
    if unicodedata.name(character, "").startswith(_JOINED_SCRIPTS):
        return ""
    return next((name for name in (font, *_FALLBACKS) if ord(character) in _characters(name)), "")


def font_of_whole(text: str, font: str) -> str:
    """Return a font that can draw all of a short text: ``font``, or else a fallback, or ``font`` anyhow."""
    candidates = (font, *_FALLBACKS)
    return next((name for name in candidates if all(_font_for(sign, name) == name for sign in text)), font)


def _visual(text: str) -> str:
    """Return a line with its right-to-left runs shaped and in the order they are drawn."""
    if not any(unicodedata.bidirectional(character) in _RIGHT_TO_LEFT for character in text):
        return text
    from arabic_reshaper import reshape
    from bidi import get_display

    return str(get_display(reshape(text), base_dir="L"))


@dataclass(frozen=True, slots=True)
class Styles:
    """The report's paragraph styles."""

    body: ParagraphStyle
    small: ParagraphStyle
    muted: ParagraphStyle
    small_right: ParagraphStyle
    code: ParagraphStyle
    caption: ParagraphStyle
    label: ParagraphStyle
    title: ParagraphStyle
    subtitle: ParagraphStyle
    heading: ParagraphStyle
    section: ParagraphStyle
    lead: ParagraphStyle
    head_cell: ParagraphStyle
    head_cell_right: ParagraphStyle


@cache
def styles() -> Styles:
    """Return the styles, with the fonts registered."""
    register_fonts()
    return Styles(
        body=_style("body", REGULAR, 8.8, 12.6),
        small=_style("small", REGULAR, 7.4, 10.0),
        muted=_style("muted", REGULAR, 7.4, 10.0, LIGHT.text_muted),
        small_right=_style("small right", REGULAR, 7.4, 10.0, alignment=TA_RIGHT),
        code=_style("code", CODE, 6.4, 9.4),
        caption=_style("caption", MEDIUM, 7.0, 9.6, LIGHT.text_muted),
        label=_style("label", REGULAR, 7.4, 10.0, LIGHT.text_muted),
        title=_style("title", BOLD, 25.0, 30.0, space_after=4.0),
        subtitle=_style("subtitle", REGULAR, 11.0, 15.0, LIGHT.text_muted, space_after=10.0),
        heading=_style("heading", BOLD, 16.0, 20.0, space_after=4.0),
        section=_style("section", SEMIBOLD, 10.2, 13.0, space_before=11.0, space_after=4.5, keep=True),
        lead=_style("lead", SEMIBOLD, 11.4, 14.8),
        head_cell=_style("head cell", SEMIBOLD, 7.0, 9.4, LIGHT.text_muted),
        head_cell_right=_style("head cell right", SEMIBOLD, 7.0, 9.4, LIGHT.text_muted, alignment=TA_RIGHT),
    )


def _style(
    name: str,
    font: str,
    size: float,
    leading: float,
    colour: str = LIGHT.text,
    *,
    space_before: float = 0.0,
    space_after: float = 0.0,
    alignment: Literal[0, 2] = TA_LEFT,
    keep: bool = False,
) -> ParagraphStyle:
    return ParagraphStyle(
        name,
        fontName=font,
        fontSize=size,
        leading=leading,
        textColor=HexColor(colour),
        spaceBefore=space_before,
        spaceAfter=space_after,
        alignment=alignment,
        keepWithNext=int(keep),
        splitLongWords=1,
        bulletFontName=font,
    )

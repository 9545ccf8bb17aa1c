"""Pictures in the PDF: photos embedded as the JPEG files they are, and maps as vector paths."""

import io
from typing import Any

from reportlab.lib.colors import HexColor
from reportlab.pdfbase.pdfdoc import PDFImageXObject
from reportlab.platypus import Flowable

from geolocdesk.cartography.drawing import Disc, Drawing, Label, Path, Shape
from geolocdesk.provenance import sha256_of_bytes
from geolocdesk.reporting.pdf_type import REGULAR, SEMIBOLD, font_of_whole

Canvas = Any
"""reportlab's canvas, whose stubs lack half of what it has."""

_EVEN_ODD = 0


class Photo(Flowable):
    """A JPEG, as large as fits a box; its bytes are copied into the PDF and never decoded here."""

    def __init__(self, jpeg: bytes, width: float, height: float) -> None:
        super().__init__()
        self._image = _image(jpeg)
        pixels = (self._image.width, self._image.height) if self._image else (4, 3)
        scale = min(width / pixels[0], height / pixels[1])
        self.width, self.height = pixels[0] * scale, pixels[1] * scale

    @property
    def is_readable(self) -> bool:
        """Return whether the bytes are a JPEG that can be embedded."""
        return self._image is not None

    def draw(self) -> None:
        """Draw the picture, or an empty frame where its bytes are no JPEG."""
        canvas = self.canv
        if self._image is None:
            canvas.rect(0, 0, self.width, self.height, stroke=1, fill=0)
            return
        _register(canvas, self._image)
        canvas.saveState()
        canvas.scale(self.width, self.height)
        canvas.doForm(self._image.name)
        canvas.restoreState()


def _image(jpeg: bytes) -> Any:  # noqa: ANN401 - reportlab has no types
    image = PDFImageXObject(f"photo-{sha256_of_bytes(jpeg)}")
    return image if image.loadImageFromJPEG(io.BytesIO(jpeg)) else None


def _register(canvas: Canvas, image: Any) -> None:  # noqa: ANN401
    """Put a picture into the document, once however often it is shown.

    ``Canvas.drawImage`` would decode every picture to name it by its pixels.
    """
    document = canvas._doc  # noqa: SLF001 - the canvas has no other way to embed a JPEG undecoded
    if not document.hasForm(image.name):
        document.Reference(image, document.getXObjectName(image.name))
        document.addForm(image.name, image)


class Picture(Flowable):
    """A drawing in vector paths."""

    def __init__(self, drawing: Drawing) -> None:
        super().__init__()
        self._drawing = drawing
        self.width, self.height = drawing.width, drawing.height

    def draw(self) -> None:
        """Draw the shapes, cut off at the drawing's edge."""
        canvas = self.canv
        canvas.saveState()
        frame = canvas.beginPath()
        frame.rect(0, 0, self.width, self.height)
        canvas.clipPath(frame, stroke=0, fill=0)
        for shape in self._drawing.shapes:
            _draw_shape(canvas, shape)
        canvas.restoreState()


def _draw_shape(canvas: Canvas, shape: Shape) -> None:
    if isinstance(shape, Path):
        _draw_path(canvas, shape)
    elif isinstance(shape, Disc):
        canvas.setFillColor(HexColor(shape.fill))
        canvas.setStrokeColor(HexColor(shape.rim))
        canvas.setLineWidth(shape.rim_width)
        canvas.setDash()
        canvas.circle(shape.x, shape.y, shape.radius, stroke=1, fill=1)
    else:
        draw_label(canvas, shape)


def _draw_path(canvas: Canvas, shape: Path) -> None:
    path = canvas.beginPath()
    for line in shape.lines:
        points = line.tolist()
        path.moveTo(*points[0])
        for x, y in points[1:]:
            path.lineTo(x, y)
        if shape.closed:
            path.close()
    if shape.fill is not None:
        canvas.setFillColor(HexColor(shape.fill))
        canvas.setFillAlpha(shape.fill_opacity)
    if shape.stroke is not None:
        canvas.setStrokeColor(HexColor(shape.stroke))
        canvas.setLineWidth(shape.stroke_width)
        canvas.setLineJoin(1)
        canvas.setDash(list(shape.dashes)) if shape.dashes else canvas.setDash()
    canvas.drawPath(
        path, stroke=int(shape.stroke is not None), fill=int(shape.fill is not None), fillMode=_EVEN_ODD
    )
    canvas.setFillAlpha(1.0)


def draw_label(canvas: Canvas, label: Label) -> None:
    """Draw a line of text, with its halo below it."""
    font = font_of_whole(label.text, SEMIBOLD if label.is_bold else REGULAR)
    width = canvas.stringWidth(label.text, font, label.size)
    left = label.x - {"start": 0.0, "middle": 0.5, "end": 1.0}[label.anchor] * width
    if label.halo is not None:
        canvas.saveState()  # reportlab forgets that the way of drawing text outlives one text
        _draw_text(canvas, label, left, font, halo=label.halo)
        canvas.restoreState()
    _draw_text(canvas, label, left, font)


def _draw_text(canvas: Canvas, label: Label, left: float, font: str, halo: str | None = None) -> None:
    text = canvas.beginText(left, label.y)
    text.setFont(font, label.size)
    if halo is not None:
        canvas.setDash()
        canvas.setLineJoin(1)
        text.setTextRenderMode(1)
        canvas.setLineWidth(1.5)
        text.setStrokeColor(HexColor(halo))
    else:
        text.setTextRenderMode(0)
        text.setFillColor(HexColor(label.colour))
    text.textOut(label.text)
    canvas.drawText(text)

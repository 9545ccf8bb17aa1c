"""The user guide in a window of its own: Markdown pages that link to each other, and a list of them."""

from pathlib import Path, PurePosixPath

from PySide6.QtCore import QEvent, QSize, Qt, QUrl
from PySide6.QtGui import (
    QColor,
    QFont,
    QKeySequence,
    QShortcut,
    QTextBlockFormat,
    QTextCursor,
    QTextDocument,
    QTextFormat,
    QTextFrameFormat,
    QTextTable,
    QTextTableCellFormat,
)
from PySide6.QtWidgets import (
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QMainWindow,
    QSplitter,
    QTextBrowser,
    QVBoxLayout,
    QWidget,
)

from geolocdesk.gui.theme import SPACE, active_palette, is_restyling, text_font
from geolocdesk.gui.tool_button import tool_button

FIRST_PAGE = "index.md"
_SIZE_PX = (1000, 720)
_CONTENTS_WIDTH_PX = 270
_PAGE_MARGIN_PX = 28
_TITLE_LIMIT_BYTES = 4096


class GuidePages(QTextBrowser):
    """Shows the pages of one folder; a link to anything else is not followed."""

    def __init__(self, folder: Path, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._folder = folder
        self.setAccessibleName("User guide")
        self.setOpenExternalLinks(False)
        self.setSearchPaths([str(folder)])
        self.document().setDocumentMargin(_PAGE_MARGIN_PX)

    def loadResource(self, kind: int, url: QUrl | str) -> object:
        """Return a page's text; nothing for addresses outside the guide."""
        name = page_name(QUrl(url))
        file = self._folder / name
        if kind != QTextDocument.ResourceType.MarkdownResource or not name or not file.is_file():
            return None
        return file.read_text(encoding="utf-8")

    def doSetSource(
        self, name: QUrl | str, kind: QTextDocument.ResourceType = QTextDocument.ResourceType.UnknownResource
    ) -> None:
        """Turn to a page of the guide; links that lead elsewhere stay where they are."""
        del kind
        url = QUrl(name)
        if not page_name(url) and not url.hasFragment():
            return
        super().doSetSource(url, QTextDocument.ResourceType.MarkdownResource)
        self._set_in_type()

    def changeEvent(self, event: QEvent) -> None:
        """Set the page again in the new colours and sizes."""
        super().changeEvent(event)
        if is_restyling(event) and not self.source().isEmpty():
            self.reload()
            self._set_in_type()

    def _set_in_type(self) -> None:
        """Give the page our fonts, and room between lines and paragraphs; Markdown brings neither."""
        document = self.document()
        palette = active_palette()
        cursor = QTextCursor(document)
        block = document.begin()
        while block.isValid():
            cursor.setPosition(block.position())
            cursor.setBlockFormat(_spaced(block.blockFormat()))
            level = block.blockFormat().headingLevel()
            if level:
                cursor.select(QTextCursor.SelectionType.BlockUnderCursor)
                form = cursor.charFormat()
                form.clearProperty(QTextFormat.Property.FontSizeAdjustment)
                form.setFont(_heading_font(level))
                cursor.setCharFormat(form)
            block = block.next()
        for frame in document.rootFrame().childFrames():
            if isinstance(frame, QTextTable):
                _rule_table(frame, QColor(palette.border))


class GuideWindow(QMainWindow):
    """The pages beside the list of them, with the way back."""

    def __init__(self, folder: Path, parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Window)
        self.setWindowTitle("User guide — geolocdesk")
        self.resize(*_SIZE_PX)
        self.pages = GuidePages(folder)
        self.contents = QListWidget()
        self.contents.setAccessibleName("Pages")
        self.contents.setUniformItemSizes(True)
        for name, title in guide_titles(folder):
            item = QListWidgetItem(title)
            item.setData(Qt.ItemDataRole.UserRole, name)
            item.setSizeHint(QSize(0, 34))
            self.contents.addItem(item)
        self.contents.itemClicked.connect(self._go_to)
        self.contents.itemActivated.connect(self._go_to)
        self._back = tool_button("chevron-left", "Back", "Alt+Left", self.pages.backward)
        self._forward = tool_button("chevron-right", "Forward", "Alt+Right", self.pages.forward)
        self._home = tool_button("list", "First page", "Alt+Home", lambda: self.show_page(FIRST_PAGE))
        self.pages.backwardAvailable.connect(self._back.setEnabled)
        self.pages.forwardAvailable.connect(self._forward.setEnabled)
        self.pages.sourceChanged.connect(self._follow)
        for keys, act in (
            ("Alt+Left", self.pages.backward),
            ("Alt+Right", self.pages.forward),
            ("Alt+Home", lambda: self.show_page(FIRST_PAGE)),
            ("Esc", self.close),
        ):
            QShortcut(QKeySequence(keys), self, act)
        self._lay_out()
        self.show_page(FIRST_PAGE)

    def open(self) -> None:
        """Show the window, in front of the others."""
        self.show()
        self.raise_()
        self.activateWindow()
        self.pages.setFocus()

    def show_page(self, name: str) -> None:
        """Turn to a page, such as ``window.md``."""
        self.pages.setSource(QUrl(name))

    def _lay_out(self) -> None:
        bar = QHBoxLayout()
        bar.setContentsMargins(SPACE.small, SPACE.tiny, SPACE.small, SPACE.tiny)
        bar.setSpacing(SPACE.tiny)
        for button in (self._back, self._forward, self._home):
            bar.addWidget(button)
        bar.addStretch()
        self._back.setEnabled(False)
        self._forward.setEnabled(False)
        split = QSplitter()
        split.addWidget(self.contents)
        split.addWidget(self.pages)
        split.setSizes([_CONTENTS_WIDTH_PX, _SIZE_PX[0] - _CONTENTS_WIDTH_PX])
        split.setStretchFactor(1, 1)
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(bar)
        column.addWidget(split, stretch=1)
        self.setCentralWidget(page)

    def _go_to(self, item: QListWidgetItem) -> None:
        self.show_page(str(item.data(Qt.ItemDataRole.UserRole)))

    def _follow(self, url: QUrl) -> None:
        name = page_name(url)
        for row in range(self.contents.count()):
            if self.contents.item(row).data(Qt.ItemDataRole.UserRole) == name:
                self.contents.setCurrentRow(row)


def page_name(url: QUrl) -> str:
    """Return the name of the guide's page that an address means, or nothing where it means something else."""
    path = PurePosixPath(url.path())
    is_page = url.scheme() in ("", "file") and path.suffix == ".md" and ".." not in path.parts
    return path.name if is_page else ""


def guide_titles(folder: Path) -> list[tuple[str, str]]:
    """Return the file name and the title of every page: the first page first, the others as it links to them."""
    files = {file.name: file for file in sorted(folder.glob("*.md"))}
    first = files.get(FIRST_PAGE)
    linked = "" if first is None else first.read_text(encoding="utf-8")

    def place(name: str) -> tuple[int, int]:
        found = linked.find(f"({name}")
        return (0 if name == FIRST_PAGE else 1 if found >= 0 else 2, found)

    return [(name, _title(files[name])) for name in sorted(files, key=place)]


def _title(file: Path) -> str:
    with file.open(encoding="utf-8") as lines:
        heading = lines.readline(_TITLE_LIMIT_BYTES)
    return heading.lstrip("# ").strip() or file.stem


def _spaced(form: QTextBlockFormat) -> QTextBlockFormat:
    level = form.headingLevel()
    spaced = QTextBlockFormat(form)
    spaced.setLineHeight(140, QTextBlockFormat.LineHeightTypes.ProportionalHeight.value)
    if level:
        spaced.setTopMargin(0 if level == 1 else SPACE.large)
        spaced.setBottomMargin(SPACE.small)
    elif not form.indent() and not form.objectIndex() >= 0:
        spaced.setBottomMargin(SPACE.small)
    return spaced


def _rule_table(table: QTextTable, ink: QColor) -> None:
    """Draw a line below each row and none elsewhere."""
    form = table.format()
    form.setBorder(0)
    form.setCellSpacing(0)
    form.setTopMargin(SPACE.small)
    form.setBottomMargin(SPACE.medium)
    table.setFormat(form)
    cell = QTextTableCellFormat()
    cell.setPadding(SPACE.tiny)
    cell.setRightPadding(SPACE.medium)
    cell.setBottomBorder(1)
    cell.setBottomBorderStyle(QTextFrameFormat.BorderStyle.BorderStyle_Solid)
    cell.setBottomBorderBrush(ink)
    for row in range(table.rows()):
        for column in range(table.columns()):
            table.cellAt(row, column).setFormat(cell)


def _heading_font(level: int) -> QFont:
    return text_font("headline" if level == 1 else "title")

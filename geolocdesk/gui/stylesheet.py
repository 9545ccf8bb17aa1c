"""The one Qt stylesheet, as a pure function of the palette."""

from string import Template

from geolocdesk.colours import Palette
from geolocdesk.paths import resource

_SHEET = Template("""
QMainWindow, QDialog { background: $window; }
QMainWindow::separator { background: $window; width: 6px; height: 6px; }
QMainWindow::separator:hover { background: $accent; }
QToolTip { background: $raised; color: $text; border: 1px solid $border; padding: 5px 8px; }

QLabel { background: transparent; }
QLabel[role="muted"] { color: $text_muted; }
QLabel[role="caption"] { color: $text_muted; font-size: ${caption}px; }
QLabel[role="strong"] { font-weight: 600; }
QLabel[role="title"] { font-size: ${title}px; font-weight: 600; }
QLabel[role="headline"] { font-size: ${headline}px; font-weight: 600; }
QLabel[role="display"] { font-size: ${display}px; font-weight: 600; }
QLabel[role="mono"] { font-family: $mono; }
QLabel[role="danger"] { color: $danger; }

QFrame[role="panel"] { background: $surface; border: 1px solid $border; border-radius: 8px; }
QFrame[role="card"] { background: $raised; border: 1px solid $border; border-radius: 10px; }
QFrame[role="banner"] { background: $warning_fill; border: none; border-radius: 6px; }
QFrame[role="banner"] QLabel { color: $warning; }
QFrame[role="banner-danger"] { background: $danger_fill; border: none; border-radius: 6px; }
QFrame[role="banner-danger"] QLabel { color: $danger; }
QFrame[role="banner-info"] { background: $busy_fill; border: none; border-radius: 6px; }
QFrame[role="banner-info"] QLabel { color: $busy; }
QFrame[role="rule"] { background: $border; border: none; max-height: 1px; min-height: 1px; }

QPushButton, QToolButton {
    background: $raised; border: 1px solid $border; border-radius: 6px;
    padding: 5px 12px; min-height: 18px;
}
QPushButton:hover, QToolButton:hover { background: $hover; }
QPushButton:pressed, QToolButton:pressed, QToolButton:checked, QPushButton:checked { background: $pressed; }
QPushButton:focus, QToolButton:focus { border: 1px solid $accent; outline: none; }
QPushButton:disabled, QToolButton:disabled { background: transparent; color: $text_disabled; }
QPushButton:default, QPushButton[role="primary"] {
    background: $accent; color: $on_accent; border: 1px solid $accent; font-weight: 600;
}
QPushButton:default:hover, QPushButton[role="primary"]:hover { background: $accent_hover; border-color: $accent_hover; }
QPushButton:default:focus, QPushButton[role="primary"]:focus { border: 2px solid $text; padding: 4px 11px; }
QPushButton:default:disabled, QPushButton[role="primary"]:disabled {
    background: $pressed; color: $text_disabled; border-color: $pressed;
}
QPushButton[role="danger"] { background: $danger_fill; color: $danger; border-color: $danger; font-weight: 600; }
QPushButton[role="quiet"], QToolButton[role="quiet"], QToolButton[role="icon"] {
    background: transparent; border: 1px solid transparent;
}
QToolButton[role="icon"] { padding: 5px; }
QPushButton[role="quiet"]:hover, QToolButton[role="quiet"]:hover, QToolButton[role="icon"]:hover { background: $hover; }
QPushButton[role="quiet"]:focus, QToolButton[role="quiet"]:focus, QToolButton[role="icon"]:focus {
    border: 1px solid $accent;
}
QToolButton[role="icon"]:checked, QToolButton[role="quiet"]:checked { background: $selection; }
QToolButton[role="copy"] { background: transparent; border: 1px solid transparent; padding: 3px; min-height: 16px; }
QToolButton[role="copy"]:hover { background: $hover; }
QToolButton[role="copy"]:focus { border: 1px solid $accent; }
QToolButton[role="chip"] { padding: 2px 8px; border-radius: 11px; }
QToolButton::menu-indicator { image: none; width: 0; }
QToolButton[popupMode="1"] { padding-right: 20px; }
QToolButton::menu-button { border: none; width: 18px; }

QToolBar { background: $window; border: none; spacing: 4px; padding: 6px 8px; }
QToolBar::separator { background: $border; width: 1px; margin: 6px 6px; }
QToolBar QToolButton { background: transparent; border: 1px solid transparent; padding: 5px 9px; }
QToolBar QToolButton:hover { background: $hover; }
QToolBar QToolButton:pressed, QToolBar QToolButton:checked { background: $pressed; }
QToolBar QToolButton:focus { border: 1px solid $accent; }
QToolBar QToolButton[role="primary"] { background: $accent; color: $on_accent; font-weight: 600; }
QToolBar QToolButton[role="primary"]:hover { background: $accent_hover; }
QToolBar QToolButton[role="primary"]:focus { border: 1px solid $text; }
QToolBar QToolButton[role="primary"]:disabled { background: transparent; color: $text_disabled; font-weight: 400; }

QMenuBar { background: $window; padding: 2px 6px; }
QMenuBar::item { background: transparent; padding: 5px 9px; border-radius: 5px; }
QMenuBar::item:selected { background: $hover; }
QMenu { background: $raised; border: 1px solid $border; padding: 6px; }
QMenu::item { padding: 6px 28px 6px 10px; border-radius: 5px; }
QMenu::item:selected { background: $selection; color: $on_selection; }
QMenu::item:disabled { color: $text_disabled; background: transparent; }
QMenu::separator { height: 1px; background: $border; margin: 6px 4px; }
QMenu::icon { padding-left: 6px; }
QMenu::indicator { width: 16px; height: 16px; left: 6px; }

QLineEdit, QPlainTextEdit, QTextEdit, QSpinBox, QDoubleSpinBox, QComboBox, QDateEdit {
    background: $raised; border: 1px solid $outline; border-radius: 6px; padding: 4px 8px; min-height: 20px;
    selection-background-color: $accent; selection-color: $on_accent;
}
QLineEdit:focus, QPlainTextEdit:focus, QTextEdit:focus, QSpinBox:focus, QDoubleSpinBox:focus, QComboBox:focus {
    border: 1px solid $accent;
}
QLineEdit:disabled, QPlainTextEdit:disabled, QSpinBox:disabled, QDoubleSpinBox:disabled, QComboBox:disabled {
    background: $surface; border-color: $border;
}
QLineEdit[role="search"] { border: 1px solid $border; border-radius: 8px; padding: 4px 10px; }
QLineEdit[role="search"]:focus { border: 1px solid $accent; }
QLineEdit QToolButton { background: transparent; border: none; padding: 0; min-height: 0; }
QTextBrowser, QTextBrowser:focus { background: $surface; border: none; border-radius: 0; }
QTreeWidget::item { padding: 5px 4px; }
QListWidget::item { padding: 0 6px; border-radius: 6px; }
QComboBox::drop-down { border: none; width: 22px; }
QComboBox::down-arrow { image: url($chevron); width: 12px; height: 12px; }
QComboBox QAbstractItemView { background: $raised; border: 1px solid $border; padding: 4px; outline: none; }
QSpinBox::up-button, QSpinBox::down-button, QDoubleSpinBox::up-button, QDoubleSpinBox::down-button {
    width: 18px; border: none; background: transparent;
}
QSpinBox::up-arrow, QDoubleSpinBox::up-arrow { image: url($chevron_up); width: 10px; height: 10px; }
QSpinBox::down-arrow, QDoubleSpinBox::down-arrow { image: url($chevron); width: 10px; height: 10px; }

QCheckBox, QRadioButton { background: transparent; spacing: 8px; padding: 3px 0; }
QCheckBox::indicator, QRadioButton::indicator { width: 16px; height: 16px; border: 1px solid $outline; background: $raised; }
QCheckBox::indicator { border-radius: 4px; }
QRadioButton::indicator { border-radius: 9px; }
QCheckBox::indicator:checked { background: $accent; border-color: $accent; image: url($check); }
QRadioButton::indicator:checked {
    border-color: $accent;
    background: qradialgradient(cx: 0.5, cy: 0.5, radius: 0.5, fx: 0.5, fy: 0.5,
        stop: 0 $accent, stop: 0.58 $accent, stop: 0.66 $raised, stop: 1 $raised);
}
QCheckBox:focus, QRadioButton:focus { color: $accent; outline: none; }

QSlider { background: transparent; min-height: 22px; }
QSlider::groove:horizontal { height: 4px; background: $pressed; border-radius: 2px; }
QSlider::sub-page:horizontal { background: $accent; border-radius: 2px; }
QSlider::sub-page:horizontal:disabled { background: $outline; }
QSlider::handle:horizontal {
    width: 14px; height: 14px; margin: -6px 0; border-radius: 7px; background: $raised; border: 1px solid $outline;
}
QSlider::handle:horizontal:hover { border-color: $accent; }
QSlider::handle:horizontal:focus { border: 2px solid $accent; }

QProgressBar { background: $pressed; border: none; border-radius: 3px; min-height: 6px; max-height: 6px; }
QProgressBar::chunk { background: $accent; border-radius: 3px; }

QAbstractItemView {
    background: $surface; border: none; outline: none;
    selection-background-color: $selection; selection-color: $on_selection;
}
QListView::item:hover, QTreeView::item:hover, QTableView::item:hover { background: $hover; }
QListView::item:selected, QTreeView::item:selected, QTableView::item:selected {
    background: $selection; color: $on_selection;
}
QTreeView[role="table"]::item { padding: 3px 4px 3px 0; }
QTableView { gridline-color: $border; }
QHeaderView { background: $surface; border: none; }
QHeaderView::section {
    background: $surface; color: $text_muted; font-size: ${caption}px; border: none;
    border-bottom: 1px solid $border; padding: 5px 8px;
}
QTableCornerButton::section { background: $surface; border: none; }

QScrollArea { background: transparent; border: none; }
QScrollArea > QWidget > QWidget#scrolled { background: transparent; }
QScrollBar:vertical { background: transparent; width: 12px; margin: 2px; }
QScrollBar:horizontal { background: transparent; height: 12px; margin: 2px; }
QScrollBar::handle { background: $scroll; border-radius: 4px; min-height: 28px; min-width: 28px; }
QScrollBar::handle:hover { background: $outline; }
QScrollBar::add-line, QScrollBar::sub-line, QScrollBar::add-page, QScrollBar::sub-page {
    background: transparent; border: none; width: 0; height: 0;
}

QTabWidget::pane { border: none; border-top: 1px solid $border; background: transparent; }
QTabBar { background: transparent; qproperty-drawBase: 0; }
QTabBar::tab {
    background: transparent; color: $text_muted; border: none; border-bottom: 2px solid transparent;
    padding: 6px 10px; margin-right: 2px;
}
QTabBar::tab:hover { color: $text; }
QTabBar::tab:selected { color: $text; border-bottom: 2px solid $accent; font-weight: 600; }
QTabBar::tab:focus { color: $accent; }

QDockWidget { titlebar-close-icon: none; titlebar-normal-icon: none; }
QDockWidget > QWidget { background: $surface; }
QWidget[role="dock-title"] { background: $surface; border-bottom: 1px solid $border; }
QWidget[role="dock-body"] { background: $surface; }
QWidget[role="page"] { background: $surface; }

QStatusBar { background: $window; border: none; color: $text_muted; }
QStatusBar::item { border: none; }
QStatusBar QLabel { color: $text_muted; padding: 2px 6px; }
QSplitter::handle { background: $border; }
QSplitter::handle:horizontal { width: 1px; }
QSplitter::handle:vertical { height: 1px; }
QGroupBox { border: none; margin-top: 18px; font-weight: 600; }
QGroupBox::title { subcontrol-origin: margin; left: 0; padding: 0; }
""")


def stylesheet(palette: Palette, text_scale: float = 1.0) -> str:
    """Return the application's stylesheet in these colours and at this text size."""
    suffix = palette.name
    values = {
        **{name: getattr(palette, name) for name in _COLOURS},
        "scroll": palette.pressed if not palette.is_dark else palette.outline,
        "caption": round(11 * text_scale),
        "body": round(13 * text_scale),
        "title": round(15 * text_scale),
        "headline": round(20 * text_scale),
        "display": round(28 * text_scale),
        "mono": '"JetBrains Mono", "Cascadia Mono", "SF Mono", "Noto Sans Mono", "DejaVu Sans Mono", monospace',
        "chevron": resource("icons", "style", f"chevron-down-{suffix}.svg").as_posix(),
        "chevron_up": resource("icons", "style", f"chevron-up-{suffix}.svg").as_posix(),
        "check": resource("icons", "style", f"check-{suffix}.svg").as_posix(),
    }
    return _SHEET.substitute(values)


_COLOURS = (
    "window",
    "surface",
    "raised",
    "hover",
    "pressed",
    "border",
    "outline",
    "text",
    "text_muted",
    "text_disabled",
    "accent",
    "accent_hover",
    "on_accent",
    "selection",
    "on_selection",
    "danger",
    "busy",
    "warning",
    "warning_fill",
    "danger_fill",
    "busy_fill",
)

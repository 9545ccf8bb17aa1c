"""Everything the window can do, by name: its words, its icon, its shortcut and its place in the menus."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QAction, QKeySequence

from geolocdesk.gui.icons import icon


@dataclass(frozen=True, slots=True)
class ActionSpec:
    """One thing the window can do."""

    name: str
    menu: str
    text: str
    icon: str = ""
    keys: tuple[str, ...] = ()
    tip: str = ""
    checkable: bool = False
    separated: bool = False
    """Whether a line stands above it in its menu."""


_SPECS = (
    ActionSpec("new_case", "Case", "New case …", "case-new", ("Ctrl+N",), "Begin a new case file"),
    ActionSpec("open_case", "Case", "Open case …", "case-open", ("Ctrl+O",), "Open a case file"),
    ActionSpec("practice", "Case", "Open practice case", "practice", (), "Drawn photos with known places"),
    ActionSpec("save_as", "Case", "Save case as …", "save-copy", ("Ctrl+Shift+S",), separated=True),
    ActionSpec("details", "Case", "Case details …", "info", ("Ctrl+Shift+D",), "Title, number, examiner"),
    ActionSpec("close_case", "Case", "Close case", "eject", ("Ctrl+W",)),
    ActionSpec("settings", "Case", "Settings …", "settings", ("Ctrl+,",), separated=True),
    ActionSpec("quit", "Case", "Quit", "", ("Ctrl+Q",)),
    ActionSpec("undo", "Edit", "Undo", "undo", ("Ctrl+Z",)),
    ActionSpec("redo", "Edit", "Redo", "redo", ("Ctrl+Shift+Z", "Ctrl+Y")),
    ActionSpec("paste", "Edit", "Paste photos", "paste", ("Ctrl+V",), "Files or a picture", separated=True),
    ActionSpec("select_all", "Edit", "Select all photos", "", ("Ctrl+A",)),
    ActionSpec("find", "Edit", "Find photos", "search", ("Ctrl+F",), "By name, place, tag or hash"),
    ActionSpec("add_photos", "Photos", "Add photos …", "add-photos", ("Ctrl+I",), "Take photos into the case"),
    ActionSpec("add_folder", "Photos", "Add folder …", "add-folder", ("Ctrl+Shift+I",), "With all its folders"),
    ActionSpec("next", "Photos", "Next photo", "next", ("Ctrl+Down",), separated=True),
    ActionSpec("previous", "Photos", "Previous photo", "previous", ("Ctrl+Up",)),
    ActionSpec("tags", "Photos", "Tags …", "tag", ("Ctrl+T",), "Label the selected photos", separated=True),
    ActionSpec("note", "Photos", "Write a note", "note", ("Ctrl+E",), "Your own words on this photo"),
    ActionSpec("copy_hash", "Photos", "Copy SHA-256", "hash", ("Ctrl+Shift+C",)),
    ActionSpec("show_file", "Photos", "Show in its folder", "folder"),
    ActionSpec("remove", "Photos", "Remove from the list", "trash", ("Del",), "It can be brought back", separated=True),
    ActionSpec("analyse", "Analysis", "Analyse", "analyse", ("F5",), "Several selected photos, or all that have no answer"),
    ActionSpec("analyse_again", "Analysis", "Analyse selected again", "refresh", ("Shift+F5",)),
    ActionSpec("stop", "Analysis", "Stop", "stop", ("Ctrl+.",), "What is finished stays"),
    ActionSpec("compare", "Analysis", "Compare side by side", "compare", ("Ctrl+B",), "The photo and its neighbours", separated=True),
    ActionSpec("conditions", "Analysis", "Search conditions …", "filter", ("Ctrl+Shift+L",), "Only some countries or an area, or without copies of the photo"),
    ActionSpec("restore_all", "Analysis", "Restore everything excluded", "include", ()),
    ActionSpec("reset_parameters", "Analysis", "Default parameters", "reset", ()),
    ActionSpec("open_pack", "Reference", "Open reference pack …", "install", ("Ctrl+P",), "Use a pack where it lies"),
    ActionSpec("build_pack", "Reference", "Build reference pack …", "build-pack", (), "From photos with positions"),
    ActionSpec("append_pack", "Reference", "Append photos to the pack in use …", "add-folder", (), "More photos with positions"),
    ActionSpec("verify_pack", "Reference", "Verify the pack in use", "verify", (), "Hash every byte of it", separated=True),
    ActionSpec("pack_info", "Reference", "About the pack in use", "info"),
    ActionSpec("report", "Report", "Make a report …", "report", ("Ctrl+R",), "Choose contents and format"),
    ActionSpec("palette", "View", "Command palette …", "command", ("Ctrl+K", "Ctrl+Shift+P"), "Every action by name"),
    ActionSpec("fit_answer", "View", "Map: show the answer", "answer", ("Ctrl+1",), separated=True),
    ActionSpec("fit_everything", "View", "Map: show all neighbours", "fit", ("Ctrl+2",)),
    ActionSpec("fit_world", "View", "Map: show the world", "globe", ("Ctrl+3",)),
    ActionSpec("measure", "View", "Map: measure a distance", "ruler", ("Ctrl+M",), checkable=True),
    ActionSpec("add_base_map", "View", "Map: add a base map …", "layers", (), "MBTiles or PMTiles"),
    ActionSpec("reset_layout", "View", "Reset layout", "layout", (), "Panels back to their places", separated=True),
    ActionSpec("larger", "View", "Larger text", "zoom-in", ("Ctrl++", "Ctrl+="), separated=True),
    ActionSpec("smaller", "View", "Smaller text", "zoom-out", ("Ctrl+-",)),
    ActionSpec("guide", "Help", "User guide", "help", ("F1",), "How to work with the program, and how to read an answer"),
    ActionSpec("shortcuts", "Help", "Keyboard shortcuts", "", ("Shift+F1",)),
    ActionSpec("log_folder", "Help", "Open the log folder", "folder"),
    ActionSpec("about", "Help", "About geolocdesk", "info", (), separated=True),
)  # fmt: skip

MENUS = ("Case", "Edit", "Photos", "Analysis", "Reference", "Report", "View", "Help")


class Actions(QObject):
    """One QAction a spec; the window connects them and adds them to itself, so that shortcuts work everywhere."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._made = {spec.name: self._make(spec) for spec in _SPECS}

    def __getitem__(self, name: str) -> QAction:
        """Return the action with this name. Raises KeyError."""
        return self._made[name]

    def __iter__(self) -> Iterator[QAction]:
        """Yield every action in the order of the menus."""
        return iter(self._made.values())

    def connect_all(self, handlers: dict[str, Callable[[], object]]) -> None:
        """Connect each action to what it does. Raises ValueError where one is left out or unknown."""
        if handlers.keys() != self._made.keys():
            message = f"actions and handlers differ: {sorted(handlers.keys() ^ self._made.keys())}"
            raise ValueError(message)
        for name, handler in handlers.items():
            self._made[name].triggered.connect(lambda _checked, act=handler: act())

    def in_menu(self, menu: str) -> list[QAction | None]:
        """Return a menu's actions in order; None stands for a line between two groups."""
        listed: list[QAction | None] = []
        for spec in _SPECS:
            if spec.menu == menu:
                if spec.separated:
                    listed.append(None)
                listed.append(self._made[spec.name])
        return listed

    def _make(self, spec: ActionSpec) -> QAction:
        action = QAction(spec.text, self)
        action.setObjectName(spec.name)
        if spec.icon:
            action.setIcon(icon(spec.icon))
        action.setIconVisibleInMenu(False)
        action.setCheckable(spec.checkable)
        action.setShortcuts([QKeySequence(keys) for keys in spec.keys])
        action.setShortcutContext(Qt.ShortcutContext.WindowShortcut)
        action.setStatusTip(spec.tip)
        action.setToolTip(tooltip(spec))
        return action


def tooltip(spec: ActionSpec) -> str:
    """Return what an action does and how to reach it by keyboard."""
    text = spec.tip or spec.text.removesuffix(" …")
    if not spec.keys:
        return text
    return f"{text} ({QKeySequence(spec.keys[0]).toString(QKeySequence.SequenceFormat.NativeText)})"


def plain_text(action: QAction) -> str:
    """Return an action's words without its mnemonic and its dots."""
    return action.text().replace("&", "").removesuffix("…").strip()

"""All colours, sizes and the style sheet made of them: light, dark, and following the system."""

from dataclasses import dataclass, fields
from pathlib import Path
from string import Template

from PySide6.QtCore import QLoggingCategory, QObject, Qt, Signal, Slot
from PySide6.QtGui import QColor, QFont, QFontDatabase, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication, QStyleFactory

RESOURCES = Path(__file__).resolve().parents[2] / "resources"
STYLE_SHEET = Template((Path(__file__).parent / "theme.qss").read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Colours:
    """The palette of one scheme. `*_soft` is a background under text of the same name."""

    window: str
    surface: str
    sunken: str
    border: str
    border_strong: str
    text: str
    muted: str
    faint: str
    accent: str
    accent_hover: str
    accent_soft: str
    on_accent: str
    good: str
    good_soft: str
    warning: str
    warning_soft: str
    bad: str
    bad_soft: str
    second: str


LIGHT = Colours(
    window="#f6f6f4", surface="#ffffff", sunken="#f1f0ec", border="#e3e3de",
    border_strong="#c9c9c3", text="#1d2025", muted="#666b73", faint="#8b9098",
    accent="#2f5fd3", accent_hover="#2750b8", accent_soft="#e8edfc", on_accent="#ffffff",
    good="#1c7040", good_soft="#e2f3e8", warning="#855700", warning_soft="#fbf0d9",
    bad="#b3302a", bad_soft="#fce6e4", second="#c96f2e",
)  # fmt: skip

DARK = Colours(
    window="#17181b", surface="#1f2125", sunken="#292c31", border="#34373d",
    border_strong="#4b4f57", text="#eaebed", muted="#a3a8b0", faint="#80858e",
    accent="#7e9fff", accent_hover="#9ab4ff", accent_soft="#243056", on_accent="#0f1320",
    good="#63c98c", good_soft="#1c3527", warning="#e5b45b", warning_soft="#3a2f1a",
    bad="#f08a82", bad_soft="#43211f", second="#e59a5f",
)  # fmt: skip


class Theme(QObject):
    """The scheme in force. Widgets that paint by hand ask for `colours` and follow `changed`.

    The style sheet is put in place by the first `choose`: widgets that are made before it are
    styled once, not at every step of their making.
    """

    changed = Signal()

    def __init__(self, application: QApplication) -> None:
        super().__init__(application)
        self._application = application
        self._choice = ""
        self.colours = LIGHT
        application.setStyle(QStyleFactory.create("Fusion"))
        load_fonts()
        application.setFont(body_font())
        QGuiApplication.styleHints().colorSchemeChanged.connect(self._follow_system)

    @property
    def is_dark(self) -> bool:
        return self.colours is DARK

    def choose(self, choice: str) -> None:
        """Take "system", "light" or "dark"."""
        if choice != self._choice:
            self._choice = choice
            self._apply()

    @Slot()
    def _follow_system(self) -> None:
        if self._choice == "system":
            self._apply()

    def _apply(self) -> None:
        system_dark = QGuiApplication.styleHints().colorScheme() == Qt.ColorScheme.Dark
        dark = self._choice == "dark" or (self._choice == "system" and system_dark)
        self.colours = DARK if dark else LIGHT
        self._application.setPalette(palette(self.colours))
        self._application.setStyleSheet(style_sheet(self.colours))
        self.changed.emit()


def load_fonts() -> None:
    """Register the bundled fonts; where they are missing Qt's own choice stands in."""
    # Qt tries the first family for every script, says that it lacks this one, and takes the next.
    QLoggingCategory.setFilterRules("qt.text.font.db.info=false")
    for file in sorted((RESOURCES / "fonts").glob("*.[to]tf")):
        QFontDatabase.addApplicationFont(str(file))


def body_font() -> QFont:
    """The running text: Inter, and the system's fonts for scripts that it lacks."""
    font = QFont()
    font.setFamilies(["Inter", *QFont().families(), "Noto Sans"])
    font.setPointSizeF(10.0)
    return font


def palette(colours: Colours) -> QPalette:
    """Qt's palette of a scheme, for what the style sheet leaves to the style."""
    roles = QPalette.ColorRole
    named = {
        roles.Window: colours.window, roles.WindowText: colours.text,
        roles.Base: colours.surface, roles.AlternateBase: colours.sunken,
        roles.Text: colours.text, roles.Button: colours.surface,
        roles.ButtonText: colours.text, roles.BrightText: colours.bad,
        roles.Highlight: colours.accent, roles.HighlightedText: colours.on_accent,
        roles.Link: colours.accent, roles.PlaceholderText: colours.faint,
        roles.ToolTipBase: colours.text, roles.ToolTipText: colours.surface,
        roles.Mid: colours.border_strong, roles.Light: colours.surface,
        roles.Dark: colours.border_strong, roles.Accent: colours.accent,
    }  # fmt: skip
    result = QPalette()
    for role, colour in named.items():
        result.setColor(role, QColor(colour))
    for role in (roles.WindowText, roles.Text, roles.ButtonText):
        result.setColor(QPalette.ColorGroup.Disabled, role, QColor(colours.faint))
    return result


def style_sheet(colours: Colours) -> str:
    """The style sheet with the scheme's colours put in."""
    named = {field.name: getattr(colours, field.name) for field in fields(colours)}
    icons = RESOURCES / "icons"
    check = icons / ("check-dark.svg" if colours is DARK else "check-light.svg")
    arrow = icons / "combo-arrow.svg"
    return STYLE_SHEET.substitute(named, chevron=arrow.as_posix(), check=check.as_posix())

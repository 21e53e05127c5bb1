"""What the formats and encodings of files are called."""

from PySide6.QtCore import QCoreApplication

from desktop_app.core.examples.formats.format import Format

TABLES = (Format.TABLE, Format.XLSX)

OFFERED = (
    Format.CHAT, Format.PREFERENCE, Format.PROMPT_COMPLETION, Format.SHAREGPT, Format.ALPACA,
    Format.PROJECT, Format.TABLE, Format.XLSX, Format.CHAT_TEXT,
)  # fmt: skip

ENCODINGS = (
    "utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252", "cp1250",
    "cp1251", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257", "cp1258", "cp874", "cp932",
    "euc_jp", "gb18030", "big5", "cp949", "koi8_r", "mac_roman", "cp437",
)  # fmt: skip


def format_name(format_: Format) -> str:
    """A format in words, its own name beside them."""
    names = {
        Format.CHAT: _tr("Conversations (chat JSONL)"),
        Format.PREFERENCE: _tr("Preferred replies (DPO JSONL)"),
        Format.PROMPT_COMPLETION: _tr("Questions and answers (prompt/completion)"),
        Format.SHAREGPT: _tr("Conversations (ShareGPT)"),
        Format.ALPACA: _tr("Tasks and answers (Alpaca)"),
        Format.PROJECT: _tr("Everything from Exemplar (project JSONL)"),
        Format.TABLE: _tr("Table in text (CSV, TSV)"),
        Format.XLSX: _tr("Workbook (XLSX)"),
        Format.CHAT_TEXT: _tr("Chat as text (“Name: …”)"),
        Format.UNKNOWN: _tr("Not recognised"),
    }
    return names[format_]


def encoding_name(encoding: str) -> str:
    """An encoding in words, its technical name beside them."""
    names = {
        "utf-8": _tr("Unicode (UTF-8)"),
        "utf-8-sig": _tr("Unicode (UTF-8 with a mark)"),
        "utf-16": _tr("Unicode (UTF-16)"),
        "utf-16-le": _tr("Unicode (UTF-16, low byte first)"),
        "utf-16-be": _tr("Unicode (UTF-16, high byte first)"),
        "utf-32": _tr("Unicode (UTF-32)"),
        "cp1252": _tr("Western European (Windows-1252)"),
        "cp1250": _tr("Central European (Windows-1250)"),
        "cp1251": _tr("Cyrillic (Windows-1251)"),
        "cp1253": _tr("Greek (Windows-1253)"),
        "cp1254": _tr("Turkish (Windows-1254)"),
        "cp1255": _tr("Hebrew (Windows-1255)"),
        "cp1256": _tr("Arabic (Windows-1256)"),
        "cp1257": _tr("Baltic (Windows-1257)"),
        "cp1258": _tr("Vietnamese (Windows-1258)"),
        "cp874": _tr("Thai (Windows-874)"),
        "cp932": _tr("Japanese (Shift JIS)"),
        "euc_jp": _tr("Japanese (EUC-JP)"),
        "gb18030": _tr("Chinese (GB 18030)"),
        "big5": _tr("Chinese (Big5)"),
        "cp949": _tr("Korean (Windows-949)"),
        "koi8_r": _tr("Cyrillic (KOI8-R)"),
        "mac_roman": _tr("Western European (Mac)"),
        "cp437": _tr("Western European (DOS)"),
    }
    return names.get(encoding, encoding)


def _tr(text: str) -> str:
    return QCoreApplication.translate("FormatNames", text)

"""A workbook is a ZIP archive: what is refused before anything in it is unpacked.

No more than the sizes that an archive declares is ever unpacked of it, for zipfile stops there. So
bounding what is declared bounds the reading too, for the two methods that a workbook may use;
with the others (bzip2, LZMA) one read may unpack without bound, and they are refused.
"""

from typing import BinaryIO
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile

from desktop_app.core.examples.tables.table import Note, TableError

ENTRY_LIMIT = 10_000
"""A workbook has some dozen parts and one for each picture; a list of millions takes memory."""

UNPACKED_LIMIT = 2 * 2**30
"""Bytes of all parts. A sheet of 1,048,576 rows, all that Excel has, with 500 bytes each."""

WHOLE_PART_LIMIT = 256 * 2**20
"""Bytes of each part that is read as a whole, as the texts are: all but the sheets' rows."""

RATIO_LIMIT = 250
"""Unpacked by packed size. The XML of real workbooks packs 5 to 100 times, a bomb 1,000 times."""

HARMLESS = 64 * 2**20
"""Bytes that are unpacked whatever their ratio, as those of a small sheet of equal rows."""

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_LOOKED_AT = 2**20

_SAVE_AS = "Open it in the program that made it and save it as an Excel workbook (.xlsx)."


def open_archive(file: BinaryIO) -> ZipFile:
    """Return the archive of a workbook. Raises TableError for what is none, or is a bomb."""
    file.seek(0)
    head = file.read(_LOOKED_AT)
    if head.startswith(_OLE):
        _refuse_ole(head)
    file.seek(0)
    try:
        archive = ZipFile(file)
    except (BadZipFile, ValueError, NotImplementedError, EOFError):
        raise TableError(
            "damaged", "The workbook is damaged or was not copied whole. Fetch it again."
        ) from None
    _check_sizes(archive)
    _check_kind(archive)
    return archive


def notes_on(archive: ZipFile) -> tuple[Note, ...]:
    """Tell what is in a workbook and was not touched."""
    names = [name.lower() for name in archive.namelist()]
    notes = []
    if any(name.endswith("vbaproject.bin") or "/macrosheets/" in name for name in names):
        notes.append(Note("macros", "The workbook has macros. They were not run."))
    if any("/externallinks/" in name or name.endswith("xl/connections.xml") for name in names):
        notes.append(
            Note(
                "external_links",
                "The workbook has links to other files. They were not followed; the cells hold "
                "what was saved last.",
            )
        )
    return tuple(notes)


def _refuse_ole(head: bytes) -> None:
    if _ENCRYPTED in head:
        raise TableError(
            "encrypted",
            "The workbook is protected by a password. Open it in Excel, remove the password "
            "(File, Info, Protect Workbook) and save it.",
        )
    raise TableError(
        "old_excel",
        "This is a file of an older office program, such as a workbook of Excel 97 to 2003 (.xls). "
        f"{_SAVE_AS}",
    )


def _check_sizes(archive: ZipFile) -> None:
    parts = archive.infolist()
    unpacked = sum(part.file_size for part in parts)
    packed = sum(part.compress_size for part in parts)
    if (
        len(parts) > ENTRY_LIMIT
        or unpacked > UNPACKED_LIMIT
        or unpacked > max(HARMLESS, RATIO_LIMIT * packed)
        or any(part.file_size > WHOLE_PART_LIMIT and not _is_sheet(part.filename) for part in parts)
    ):
        raise TableError(
            "too_large",
            "The workbook would unpack to more than a table needs, as files do that are made to "
            "fill the memory. If it is a real table, save it as CSV.",
        )
    if any(part.flag_bits & 1 for part in parts):
        raise TableError("encrypted", f"The workbook is protected by a password. {_SAVE_AS}")
    if any(part.compress_type not in (ZIP_STORED, ZIP_DEFLATED) for part in parts):
        raise TableError("damaged", f"The workbook is packed in an unusual way. {_SAVE_AS}")


def _is_sheet(name: str) -> bool:
    return name.startswith("xl/worksheets/")


def _check_kind(archive: ZipFile) -> None:
    names = archive.namelist()
    is_office = "[Content_Types].xml" in names
    if "xl/workbook.bin" in names:
        detail = f"This is a binary workbook (.xlsb). {_SAVE_AS}"
    elif is_office and any(name.startswith("xl/") for name in names):
        return
    elif is_office:
        detail = (
            "This is a document of text or slides (.docx, .pptx). Copy the table or the chat in "
            "it, and paste that."
        )
    elif "mimetype" in names or any(name.startswith("Index/") for name in names):
        # How OpenDocument and Numbers begin.
        detail = f"This is a document of another program, as .ods and .numbers are. {_SAVE_AS}"
    else:
        detail = "This is an archive of files (.zip). Unpack it, and import the files one by one."
    raise TableError("not_a_workbook", detail)

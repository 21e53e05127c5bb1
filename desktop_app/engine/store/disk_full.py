"""Whether what went wrong is that there is no room on the disk."""

import errno
import sqlite3

NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT})
"""The disk is full, or its owner's share of it."""


def is_disk_full(error: BaseException) -> bool:
    """Whether a file or the database could not grow."""
    if isinstance(error, sqlite3.Error):
        return getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL
    return isinstance(error, OSError) and error.errno in NO_ROOM

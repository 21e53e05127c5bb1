import gc
import threading
import weakref

from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from desktop_app.background.gc_timer import FULL_EVERY, GcTimer


class Node:
    """Part of a cycle."""

    def __init__(self) -> None:
        self.me = self


def test_garbage_is_collected_by_the_timer_on_its_own_thread(qtbot: QtBot) -> None:
    gc.enable()
    threads: set[int] = set()

    def note(phase: str, info: dict[str, int]) -> None:
        threads.add(threading.get_ident())

    parent = QObject()
    timer = GcTimer(parent, interval_ms=5)
    assert not gc.isenabled()
    node = weakref.ref(Node())
    gc.callbacks.append(note)
    qtbot.waitUntil(lambda: node() is None)
    gc.callbacks.remove(note)
    assert threads == {threading.get_ident()}
    assert timer.parent() is parent


def test_what_has_grown_old_is_collected_as_well(qtbot: QtBot) -> None:
    parent = QObject()
    node = Node()
    gc.collect()
    gc.collect()
    died = weakref.ref(node)
    del node
    gc.collect(1)
    assert died() is not None
    GcTimer(parent, interval_ms=1)
    qtbot.waitUntil(lambda: died() is None, timeout=FULL_EVERY * 100)

"""What must hold of the platform itself, whatever the program does."""

import subprocess
import sys

# PySide6 6.12.0 drops a reference to None in every void call on Python before 3.12, and the
# interpreter aborts once some 5,000 are gone. In a process of its own: an abort ends all of it.
SET_TEXTS = """
import sys
from PySide6.QtWidgets import QApplication, QLabel

app = QApplication([])
label = QLabel()
before = sys.getrefcount(None)
for number in range(20_000):
    label.setText(str(number))
print(before - sys.getrefcount(None))
"""


def test_twenty_thousand_void_calls_keep_every_reference_to_none() -> None:
    done = subprocess.run(
        [sys.executable, "-c", SET_TEXTS], check=False, capture_output=True, text=True
    )

    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < 100

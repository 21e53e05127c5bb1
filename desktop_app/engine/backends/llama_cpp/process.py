"""The child process as the service sees it."""

import json
import queue
import subprocess
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

COMMAND = [sys.executable, "-m", "desktop_app.engine.backends.llama_cpp.child"]
_START_SECONDS = 120.0
"""How long loading may take: a large model from a slow disk."""


class RuntimeFailedError(Exception):
    """The runtime did not start, or ended, or refused; the text says it in plain words."""


@dataclass(frozen=True)
class Loading:
    """What a child is told to load. `context` tokens for each of `slots` replies at once."""

    model: Path
    adapters: Sequence[Path]
    context: int
    slots: int
    threads: int

    def told(self) -> dict[str, object]:
        """Return it as the child reads it."""
        return {
            "model": str(self.model),
            "adapters": [str(path) for path in self.adapters],
            "context": self.context,
            "slots": self.slots,
            "threads": self.threads,
        }


class AskedReply:
    """A reply that the child makes; read on one thread."""

    def __init__(self, process: "LlamaProcess", number: int) -> None:
        self._process = process
        self._number = number
        self.told: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()

    def next(self, seconds: float) -> dict[str, Any] | None:
        """Return what is told next, None if nothing is so soon. Raises RuntimeFailedError."""
        try:
            told = self.told.get(timeout=seconds)
        except queue.Empty:
            return None
        if "failed" in told:
            raise RuntimeFailedError(str(told["failed"]))
        return told

    def close(self) -> None:
        """Nobody reads it any more."""
        self._process.give_up(self._number)


class LlamaProcess:
    """A child with one base model and its adapters. Raises RuntimeFailedError if it fails."""

    def __init__(self, loading: Loading) -> None:
        self.loading = loading
        self._lock = threading.Lock()
        self._replies: dict[int, AskedReply] = {}
        self._count = 0
        self._over: str | None = None
        self._is_retired = False
        self._first: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        try:
            self._process = subprocess.Popen(
                COMMAND,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                # Ctrl-C in a terminal is meant for the service, which then ends its child.
                start_new_session=True,
                text=True,
                encoding="utf-8",
            )
        except OSError as error:
            raise RuntimeFailedError("its process does not start") from error
        self._reader = threading.Thread(target=self._read, name="llama.cpp", daemon=True)
        self._reader.start()
        self._write(loading.told())
        self._await_start()

    @property
    def is_alive(self) -> bool:
        """Whether it can be asked."""
        with self._lock:
            return self._over is None

    def ask(self, body: dict[str, object]) -> AskedReply:
        """Begin a reply. Raises RuntimeFailedError."""
        with self._lock:
            if self._over is not None:
                raise RuntimeFailedError(self._over)
            self._count += 1
            number = self._count
            reply = self._replies[number] = AskedReply(self, number)
        self._write({"id": number, "body": body})
        return reply

    def give_up(self, number: int) -> None:
        """Stop a reply, or forget one that is over."""
        with self._lock:
            self._replies.pop(number, None)
            is_unused = self._is_retired and not self._replies
        self._write({"cancel": number})
        if is_unused:
            self.close()

    def retire(self) -> None:
        """End once the replies that are being made are over."""
        with self._lock:
            self._is_retired = True
            is_unused = not self._replies
        if is_unused:
            self.close()

    def close(self) -> None:
        """End it now."""
        self._process.kill()
        self._process.wait()
        self._reader.join()
        with suppress(OSError):
            if self._process.stdin is not None:
                self._process.stdin.close()

    def _await_start(self) -> None:
        try:
            first = self._first.get(timeout=_START_SECONDS)
        except queue.Empty:
            first = {"failed": "it takes too long to start"}
        if "failed" in first:
            self.close()
            raise RuntimeFailedError(str(first["failed"]))

    def _write(self, what: dict[str, object]) -> None:
        """Tell the child something; that it is over, its reader finds out."""
        assert self._process.stdin is not None
        with suppress(OSError, ValueError), self._lock:
            self._process.stdin.write(json.dumps(what) + "\n")
            self._process.stdin.flush()

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as lines:
            for line in lines:
                told = json.loads(line)
                number = told.get("id")
                if number is None:
                    self._first.put(told)
                    continue
                with self._lock:
                    reply = self._replies.get(number)
                if reply is not None:
                    reply.told.put(told)
        self._end()

    def _end(self) -> None:
        self._process.kill()
        self._process.wait()  # a process that ended is kept by the system until it is asked for
        over = {"failed": "its process ended unexpectedly"}
        with self._lock:
            self._over = over["failed"]
            waiting = list(self._replies.values())
        self._first.put(over)
        for reply in waiting:
            reply.told.put(over)

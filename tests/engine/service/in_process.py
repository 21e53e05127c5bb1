"""The real service on a thread of the tests, where a fault must be put into it."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from openai import OpenAI

from desktop_app.engine.application import ServiceOptions
from desktop_app.engine.backends.numpy_llama.backend import NumpyLlamaBackend
from desktop_app.engine.machine import Machine
from desktop_app.engine.models.starter_model import STARTER_MODEL, StarterModel
from desktop_app.engine.serve.starting import listen
from desktop_app.engine.serving import Serving
from desktop_app.engine.store.folders import Folders
from tests.engine.service.engine_child import TOKEN, new_client

PLENTY = 2**40


class InProcessEngine:
    """A running service; `memory` is what it believes to be free."""

    def __init__(
        self, store: Path, named_starter: Path | None, starter: StarterModel = STARTER_MODEL
    ) -> None:
        self.memory = PLENTY
        self.folders = Folders(store)
        self.folders.create()
        listening = listen(0)
        port = listening.getsockname()[1]
        options = ServiceOptions(
            folders=self.folders,
            machine=Machine(NumpyLlamaBackend(), 1, lambda: self.memory),
            token=TOKEN,
            port=port,
            named_starter=named_starter,
            starter=starter,
        )
        ready = threading.Event()
        self.serving = Serving(options, ready=ready.set)
        self._thread = threading.Thread(target=self.serving.run, args=(listening,))
        self._thread.start()
        assert ready.wait(20)
        self.client: OpenAI = new_client(f"http://127.0.0.1:{port}/v1")

    def ask(self, method: str, path: str, body: object = None) -> Any:  # noqa: ANN401  # JSON
        """Ask for something outside the protocol."""
        url = str(self.client.base_url.join(path))
        if method == "GET":
            return self.client.get(url, cast_to=object)
        if method == "DELETE":
            return self.client.delete(url, cast_to=object)
        return self.client.post(url, cast_to=object, body=body)

    def stop(self) -> None:
        """End the service."""
        self.client.close()
        self.serving.shut_down()
        self._thread.join(20)
        assert not self._thread.is_alive()


@contextmanager
def in_process_engine(
    store: Path, named_starter: Path | None, starter: StarterModel = STARTER_MODEL
) -> Iterator[InProcessEngine]:
    """Run a service on a thread."""
    engine = InProcessEngine(store, named_starter, starter)
    try:
        yield engine
    finally:
        engine.stop()

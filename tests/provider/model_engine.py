"""An engine as far as its models are concerned, over real HTTP on loopback.

It keeps what it is told: what is fetched arrives a piece at every question, until it is there.
"""

import asyncio
import json
import ssl
from typing import Any
from urllib.parse import parse_qs

from typing_extensions import override

from tests.provider.scripted_service import Answer, Request, ScriptedService, error

LICENCE = {"id": "apache-2.0", "name": "Apache 2.0", "url": "https://licences.example/apache-2.0"}
STARTER = {
    "id": "smollm2-135m-instruct",
    "path_kind": "gguf",
    "bytes": 98_400_000,
    "parameters": 135_000_000,
    "context_tokens": 8192,
    "licence": LICENCE,
    "backend": "numpy",
    "fits_training": True,
    "fits_answering": True,
    "why": None,
    "is_starter": True,
}
STATUS = {
    "version": "1.2.3",
    "backend": "numpy",
    "device": "this computer's processor",
    "backends": [
        {"name": "numpy", "device": "this computer's processor", "available": True, "why": None},
        {"name": "torch", "device": None, "available": False, "why": "it is not installed"},
    ],
    "threads": 2,
    "memory_bytes": 16_000_000_000,
    "memory_available_bytes": 9_000_000_000,
    "training_tokens_per_second": 400.0,
    "starter_model": {"state": "ready", "bytes": 98_400_000},
    "models": ["smollm2-135m-instruct"],
    "active_jobs": 0,
}


def entry(hub: str, **more: object) -> dict[str, Any]:
    """Return what the catalogue says of a model; 1 GB of Apache-licensed Qwen unless told."""
    owner, name = hub.split("/")
    return {
        "id": name.lower(),
        "hub": hub,
        "title": name.replace("-", " "),
        "parameters": 494_000_000,
        "bytes": 1_000_000_000,
        "licence": LICENCE,
        "languages": ["en", "de", "hi", "zh"],
        "context_tokens": 32_768,
        "good_for": f"Short replies in many languages, by {owner}.",
        "backend": "numpy",
        "memory_training": 3_200_000_000,
        "memory_answering": 1_600_000_000,
        "fits_training": True,
        "fits_answering": True,
        "why": None,
        "tokens_per_second": 110.0,
        "state": "missing",
        "bytes_done": 0,
        "error": None,
        **more,
    }


class ModelEngine(ScriptedService):
    """`piece` is what arrives between two questions; `ends` is what becomes of a fetch."""

    def __init__(
        self, catalogue: list[dict[str, Any]] | None = None, tls: ssl.SSLContext | None = None
    ) -> None:
        super().__init__(tls)
        self.bases: list[dict[str, Any]] = [dict(STARTER)]
        self.catalogue = catalogue if catalogue is not None else [entry("Qwen/Qwen2.5-0.5B")]
        self.hub: dict[str, dict[str, Any]] = {}
        self.fetches: dict[str, dict[str, Any]] = {}
        self.accepted: list[str] = []
        self.piece = 250_000_000
        self.ends = "ready"
        self.taken: list[dict[str, Any]] = []
        self.token = ""
        self.storage: dict[str, Any] = {
            "jobs": [], "total_bytes": 1_200_000_000, "free_bytes": 41_000_000_000
        }  # fmt: skip
        self.on("GET /v1/models", self._models())

    def _models(self) -> Answer:
        return Answer({"object": "list", "data": [{"id": base["id"]} for base in self.bases]})

    @override
    async def _answer(self, request: Request, writer: asyncio.StreamWriter) -> None:
        bearer = f"Bearer {self.token}"
        if self.token and request.headers.get("authorization") != bearer:
            answer: Answer | None = error(401, "The token is wrong.", "invalid_api_key")
        else:
            known = self._answers.get(f"{request.method} {request.path}")
            own = request.path.startswith("/engine") and not known
            answer = self._own(request) if own else None
        if answer is None:
            await super()._answer(request, writer)
            return
        self.requests.append(request)
        writer.write(answer.encode())
        await writer.drain()

    def _own(self, request: Request) -> Answer | None:
        method, parts = request.method, request.path.strip("/").split("/")[1:]
        match method, parts:
            case "GET", []:
                return Answer({**STATUS, "models": [base["id"] for base in self.bases]})
            case "GET", ["bases"]:
                return Answer({"bases": self.bases})
            case "DELETE", ["bases", id]:
                self.bases = [base for base in self.bases if base["id"] != id]
                self.on("GET /v1/models", self._models())
                return Answer({"id": id, "deleted": True})
            case "GET", ["catalogue"]:
                models = [self.fetches.get(each["hub"], each) for each in self.catalogue]
                return Answer({"as_of": "2026-11-01", "source": "Model cards.", "models": models})
            case "GET", ["hub"]:
                name = parse_qs(request.query)["name"][0]
                found = self.hub.get(name)
                return Answer(found) if found else error(404, f"The hub has no model {name}.")
            case "GET", ["storage"]:
                return Answer(self.storage)
            case "DELETE", ["storage", "jobs", id, "checkpoints"]:
                return self._pruned(id)
            case "POST", ["models" | "adapters"]:
                self.taken.append(json.loads(request.body))
                return Answer({"id": "taken"}, 201)
            case _, ["fetches", *hub]:
                return self._fetch(request, "/".join(hub))
        return None

    def _fetch(self, request: Request, hub: str) -> Answer:
        if request.method == "GET":
            for each in list(self.fetches.values()):
                self._go_on(each)
            return Answer({"fetches": list(self.fetches.values())})
        if request.method == "DELETE":
            if "forget=true" in request.query:
                self.fetches.pop(hub, None)
            else:
                self.fetches[hub]["state"] = "stopped"
            return Answer(self.fetches.get(hub, {}))
        body = json.loads(request.body)
        if body["licence_accepted"] is not True:
            return error(400, "The licence must be accepted.")
        hub = body["hub"]
        known = {each["hub"]: each for each in (*self.catalogue, *self.hub.values())}
        fetched = self.fetches.setdefault(hub, dict(known[hub]))
        fetched["state"] = "fetching"
        self.accepted.append(hub)
        return Answer(fetched, 202)

    def _go_on(self, fetched: dict[str, Any]) -> None:
        if fetched["state"] != "fetching":
            return
        fetched["bytes_done"] = min(fetched["bytes"], fetched["bytes_done"] + self.piece)
        if fetched["bytes_done"] < fetched["bytes"]:
            return
        fetched["state"] = self.ends
        if self.ends == "ready":
            # What is whole is among the models that are there, and nowhere else.
            del self.fetches[fetched["hub"]]
            shared = {key: fetched[key] for key in STARTER if key in fetched}
            hub = fetched["hub"]
            self.bases.append({**STARTER, **shared, "hub": hub, "is_starter": False})
            for each in self.catalogue:
                if each["hub"] == hub:
                    each.update(state="ready", bytes_done=each["bytes"])
            self.on("GET /v1/models", self._models())
        else:
            fetched["error"] = "The connection to the hub broke off."

    def _pruned(self, id: str) -> Answer:
        job = next(each for each in self.storage["jobs"] if each["id"] == id)
        if not any(each["is_final"] for each in job["adapters"]):
            return error(400, "The checkpoints of a job that is running are still needed.")
        gone = [each for each in job["adapters"] if not each["is_final"]]
        job["adapters"] = [each for each in job["adapters"] if each["is_final"]]
        return Answer({"id": id, "bytes_freed": sum(each["bytes"] for each in gone)})

"""A model in memory: the network, its tokenizer and chat template, and the adapter applied."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psutil
import torch
from typing_extensions import override

from desktop_app.engine.backends.backend import (
    Floats,
    LikelyToken,
    LoraSettings,
    TokenIds,
)
from desktop_app.engine.backends.packing import pack_tokens
from desktop_app.engine.backends.text.text_model import TextModel
from desktop_app.engine.backends.text.tokenizer import Tokenizer
from desktop_app.engine.backends.torch_models.decoder import TorchDecoding
from desktop_app.engine.backends.torch_models.demand import demand
from desktop_app.engine.backends.torch_models.lora import Adapters, Applied, read_adapters
from desktop_app.engine.backends.torch_models.members import most_members
from desktop_app.engine.backends.torch_models.memory import free_bytes, memory_errors
from desktop_app.engine.backends.torch_models.network import Network
from desktop_app.engine.backends.torch_models.plan import MemoryPlan, plan
from desktop_app.engine.backends.torch_models.sharding import shard_if_asked
from desktop_app.engine.backends.torch_models.trainer import TorchTrainer

GPU_PACK_TOKENS = 8192
"""A GPU is idle with less; on a processor more would only cost memory."""


@dataclass(frozen=True)
class ModelText:
    """What a model's files say of its text."""

    tokenizer: Tokenizer
    template: str
    context_tokens: int


class TorchModel(TextModel):
    """A causal model of transformers."""

    def __init__(self, name: str, network: Network, text: ModelText) -> None:
        super().__init__(name, text.tokenizer, text.template, text.context_tokens)
        self.network = network
        self._folder: Path | None = None
        self._adapters: Applied | None = None

    @override
    def decoding(self) -> TorchDecoding:
        return TorchDecoding(self.network, self._adapters)

    @override
    def use_adapter(self, folder: Path | None) -> None:
        if folder == self._folder:
            return
        self._adapters = self._applied(folder) if folder is not None else None
        self._folder = folder

    @override
    def score(self, tokens: TokenIds) -> Floats:
        return self.decoding().log_probabilities(tokens)

    @override
    def likeliest(self, tokens: TokenIds, count: int) -> list[list[LikelyToken]]:
        return self.decoding().likeliest_after(self._tokenizer, tokens, count)

    @override
    def trainer(
        self,
        lora: LoraSettings,
        *,
        seed: int,
        start: Path | None = None,
        broken_off: Callable[[], bool] = lambda: False,
    ) -> TorchTrainer:
        adapters = self._read(start) if start else Adapters(self.network.lora.places, lora)
        with memory_errors():
            shard_if_asked(self.network)
            return TorchTrainer(
                self.network,
                self.name,
                adapters,
                seed=seed,
                continues=start is not None,
                broken_off=broken_off,
                memory=lambda: self._plan(adapters),
            )

    def _applied(self, folder: Path) -> Applied:
        return Applied(self._read(folder).to(self.network.device), self.network.dtype)

    def _read(self, folder: Path) -> Adapters:
        return read_adapters(folder, self.network.lora.places)

    def _plan(self, adapters: Adapters) -> MemoryPlan:
        device = self.network.device
        free = free_bytes(device)
        if free is None:
            free = int(psutil.virtual_memory().available)
        members = most_members(self.network)
        most = GPU_PACK_TOKENS
        if device.type == "cpu":
            most = pack_tokens(members)
        with torch.no_grad():
            return plan(demand(self.network, adapters, members), free, most)

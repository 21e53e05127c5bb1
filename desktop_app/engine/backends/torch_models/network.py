"""A causal model of transformers as this back end works with it: states, logits, adapters.

Before the first pack, a model is tried on two short sequences, against what it gives for each by
itself with its own code. Only what comes out the same is used: packs, and logits computed apart
from the states. Any other model is read a sequence at a time, or with all its logits at once.
"""

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.checkpoint import checkpoint
from transformers.modeling_layers import GradientCheckpointingLayer

from desktop_app.engine.backends.backend import TokenIds
from desktop_app.engine.backends.packing import Pack
from desktop_app.engine.backends.torch_models import packed_attention
from desktop_app.engine.backends.torch_models.lora import Applied, LoraPlaces
from desktop_app.engine.backends.torch_models.norms import keep_less

_TRIED = (7, 5)
"""Lengths of the two sequences."""
_CLOSE = 1e-2
"""How far logits in float32 may be off, as a share of their length."""
_ROUNDED = 0.35
"""How far others may be, as a share of how far they are off where the second sequence sees the
first: rounding alone gave 0.2 with the starter model in bfloat16."""
_KNOWN_LAYERS = {"full_attention", "sliding_attention"}


@dataclass(frozen=True)
class Abilities:
    """Whether a network reads packs, and whether its head can be asked apart from the rest."""

    packs: bool
    head_apart: bool


class Network:
    """Frozen weights on a device. `module` is a PreTrainedModel of the kind CausalLM."""

    def __init__(self, module: Any, device: torch.device) -> None:  # noqa: ANN401  # untyped
        module.requires_grad_(requires_grad=False)
        module.eval()
        keep_less(module)
        self.module = module
        self.device = device
        self.dtype: torch.dtype = module.dtype
        self.is_sharded = False
        self._head = module.get_output_embeddings()
        self._decoder = module.get_decoder()
        self._config = self._decoder.config
        self._own_attention = self._config._attn_implementation  # noqa: SLF001  # no other way
        self._layers = [m for m in module.modules() if isinstance(m, GradientCheckpointingLayer)]
        for layer in self._layers:
            layer._gradient_checkpointing_func = partial(checkpoint, use_reentrant=False)  # noqa: SLF001
        self.lora = LoraPlaces(module, self._head)

    @cached_property
    def abilities(self) -> Abilities:
        """Find out by trying."""
        pack = _tried_pack(self._config.vocab_size)
        with torch.no_grad():
            own = [self._own_logits(pack.tokens[sequence]) for sequence in pack.sequences]
            seeing = self._own_logits(pack.tokens)
        expected = torch.cat(own)
        near = float((seeing - expected).norm()) * _ROUNDED
        if self.dtype is torch.float32:
            near = float(expected.norm()) * _CLOSE

        def is_close(found: Tensor) -> bool:
            return float((found.float() - expected).norm()) <= near

        with torch.no_grad():
            apart = not self.is_sharded and is_close(self.logits(self._one_by_one(pack)))
            packs = self._may_pack() and is_close(self._tried(pack, head_apart=apart))
        return Abilities(packs=packs, head_apart=apart)

    @contextmanager
    def adapted(
        self, adapters: Applied | None, asked: Callable[[], None] | None = None
    ) -> Iterator[None]:
        """Apply adapters, or none; `asked` is called at every layer, on the way back too."""
        with self.lora.using(adapters, asked):
            yield

    @contextmanager
    def reading(self, pack: Pack | None, *, saves_memory: bool = False) -> Iterator[None]:
        """Be at a pack, there and back.

        To save memory only what goes into each layer is kept, and the layer run again on the way
        back (Chen et al. 2016).
        """
        self._run_again(saves_memory)
        try:
            if pack is None or not self.abilities.packs:
                yield
                return
            with self._packing(pack):
                yield
        finally:
            self._run_again(False)

    def predicting_states(self, pack: Pack) -> Tensor:
        """Return the last states of the tokens that predict something: (S, d)."""
        if self.abilities.packs:
            states = self._states(pack.tokens, pack.positions)
        else:
            states = self._one_by_one(pack)
        return states[self.tensor(pack.predicting)]

    def predicting_logits(self, pack: Pack) -> Tensor:
        """Return the logits of the tokens that predict something at once: (S, V)."""
        places = self.tensor(pack.predicting)
        if self.abilities.packs:
            return self._logits_at(pack.tokens, pack.positions, places)
        parts = []
        for sequence in pack.sequences:
            inside = (pack.predicting >= sequence.start) & (pack.predicting < sequence.stop)
            if inside.any():
                mine = self.tensor(pack.predicting[inside] - sequence.start)
                tokens, positions = pack.tokens[sequence], pack.positions[sequence]
                parts.append(self._logits_at(tokens, positions, mine))
        return torch.cat(parts)

    def logits(self, states: Tensor) -> Tensor:
        """Return the logits (S, V) of last states (S, d), in the network's numbers."""
        logits: Tensor = self._head(states)
        cap = getattr(self._config, "final_logit_softcapping", None)
        return cap * torch.tanh(logits / cap) if cap else logits

    def tensor(self, array: np.ndarray[Any, Any]) -> Tensor:
        """Put numbers where the network is."""
        return torch.from_numpy(np.ascontiguousarray(array)).to(self.device)

    def twin(self) -> "Network":
        """Return a network with the very same weights that can be at another pack meanwhile."""
        _ = self.abilities  # known for both
        # Not the buffers: some networks write into theirs as they read.
        return copy.deepcopy(self, {id(tensor): tensor for tensor in self.module.parameters()})

    def sharded(self) -> None:
        """Note that the weights are spread over several processes: only the whole can be run."""
        self.is_sharded = True
        self.__dict__.pop("abilities", None)

    def _run_again(self, layers_are: bool) -> None:
        for layer in self._layers:
            layer.gradient_checkpointing = layers_are
            # Of the layer alone, not of what is in it: nothing is to be dropped by chance.
            layer.training = layers_are

    @contextmanager
    def _packing(self, pack: Pack) -> Iterator[None]:
        to = packed_attention.layout(pack, self.device)
        self._config._attn_implementation = packed_attention.NAME  # noqa: SLF001
        try:
            with packed_attention.attending(self._config, to):
                yield
        finally:
            self._config._attn_implementation = self._own_attention  # noqa: SLF001

    def _states(self, tokens: TokenIds, positions: TokenIds) -> Tensor:
        states: Tensor = self._decoder(
            input_ids=self.tensor(tokens)[None],
            position_ids=self.tensor(positions)[None],
            use_cache=False,
        ).last_hidden_state
        return states[0]

    def _one_by_one(self, pack: Pack) -> Tensor:
        parts = [self._states(pack.tokens[s], pack.positions[s]) for s in pack.sequences]
        return torch.cat(parts)

    def _logits_at(self, tokens: TokenIds, positions: TokenIds, places: Tensor) -> Tensor:
        logits: Tensor = self.module(
            input_ids=self.tensor(tokens)[None],
            position_ids=self.tensor(positions)[None],
            use_cache=False,
            logits_to_keep=places,
        ).logits
        return logits[0]

    def _own_logits(self, tokens: TokenIds) -> Tensor:
        logits: Tensor = self.module(input_ids=self.tensor(tokens)[None], use_cache=False).logits
        return logits[0].float()

    def _may_pack(self) -> bool:
        """Whether the configuration speaks of nothing that the packs' attention does not know."""
        layers = set(getattr(self._config, "layer_types", None) or ())
        chunks = getattr(self._config, "attention_chunk_size", None)
        return layers <= _KNOWN_LAYERS and chunks is None

    def _tried(self, pack: Pack, *, head_apart: bool) -> Tensor:
        """Return the logits of a pack; a zero where the network does not ask as it should."""
        layers = getattr(self._config, "layer_types", None) or ()
        try:
            with self._packing(pack):
                if head_apart:
                    logits = self.logits(self._states(pack.tokens, pack.positions))
                else:
                    every = torch.arange(len(pack.tokens), device=self.device)
                    logits = self._logits_at(pack.tokens, pack.positions, every)
                seen = packed_attention.windows_seen(self._config)
        except (KeyError, TypeError, ValueError, AttributeError):
            return torch.zeros((), device=self.device)
        expected = sum(kind == "sliding_attention" for kind in layers)
        return logits if not layers or seen == expected else torch.zeros_like(logits)


def _tried_pack(vocabulary: int) -> Pack:
    generator = np.random.default_rng(0)
    tokens = generator.integers(0, vocabulary, sum(_TRIED))
    first, second = _TRIED
    return Pack(
        tokens=tokens,
        positions=np.concatenate([np.arange(length) for length in _TRIED]),
        sequences=[slice(0, first), slice(first, first + second)],
        predicting=np.arange(len(tokens)),
        targets=tokens,
        weights=np.ones(len(tokens), np.float32),
    )

"""Makes preference_reference.json: what PyTorch gives for preference training of the tiny model.

Run once, from the root of the repository, in an environment of its own:
    pip install torch==2.13.0 transformers==5.23.0 peft==0.21.2 gguf==0.19.0 safetensors numpy
    python -m tests.engine.backends.make_preference_reference
The model is transformers' own Llama and the adapter PEFT's, in float64; only the numbers they
begin with are those of the test. The loss is written out from the paper, and the gradients are
automatic ones.
"""

import json
import tempfile
from importlib.metadata import version
from pathlib import Path

import peft  # type: ignore[import-not-found]  # only where this is run
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from desktop_app.engine.backends.backend import LoraSettings, TrainingExample
from desktop_app.engine.backends.model_files.gguf_file import GgufFile
from desktop_app.engine.backends.numpy_llama.adapter import write_adapter
from desktop_app.engine.backends.numpy_llama.lora import LoraParameters
from desktop_app.engine.backends.numpy_llama.weights import (
    ModelWeights,
    group_shapes,
    read_weights,
)
from tests.engine.backends.preference_reference import (
    PREFERENCE_REFERENCE,
    begin,
    direction,
    pairs,
)
from tests.engine.tiny_model import write_tiny_model

BETAS = (0.1, 0.5, 2.0)


def llama(weights: ModelWeights) -> LlamaForCausalLM:
    """Return transformers' model with these weights."""
    shape = weights.shape
    model = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=shape.vocabulary,
            hidden_size=shape.width,
            intermediate_size=shape.inner,
            num_hidden_layers=shape.layers,
            num_attention_heads=shape.heads,
            num_key_value_heads=shape.key_heads,
            head_dim=shape.head_width,
            rms_norm_eps=shape.norm_epsilon,
            rope_parameters={"rope_type": "default", "rope_theta": shape.rotary_base},
            max_position_embeddings=shape.context,
            tie_word_embeddings=True,
        )
    )
    state = {
        "model.embed_tokens.weight": weights.embedding,
        "model.norm.weight": weights.final_norm,
    }
    state["lm_head.weight"] = weights.output
    for index, layer in enumerate(weights.layers):
        start = f"model.layers.{index}."
        state[f"{start}input_layernorm.weight"] = layer.attention_norm
        state[f"{start}post_attention_layernorm.weight"] = layer.ffn_norm
        stacked = (layer.qkv, layer.output, layer.gate_up, layer.down)
        for group, matrix in zip(group_shapes(shape), stacked, strict=True):
            for module, rows in zip(group.modules, group.slices, strict=True):
                state[f"{start}{module}.weight"] = matrix[rows]
    model.load_state_dict({name: torch.tensor(array) for name, array in state.items()})
    return model.double()


def log_likelihood(model: torch.nn.Module, example: TrainingExample) -> torch.Tensor:
    """Return the sum of log p over what has weight."""
    tokens = torch.tensor(example.tokens)
    logits = model(tokens[None]).logits[0, :-1]
    each = logits.log_softmax(-1).gather(1, tokens[1:, None])[:, 0]
    return (each * torch.tensor(example.loss_weights[1:]).double()).sum()


def main() -> None:
    """Write the file."""
    with tempfile.TemporaryDirectory() as folder:
        path = write_tiny_model(Path(folder) / "tiny.gguf")
        with GgufFile(path) as file:
            weights = read_weights(file)
        parameters = LoraParameters(weights.shape, LoraSettings(4, 8.0))
        begin(parameters)
        write_adapter(Path(folder) / "adapter", parameters, "tiny")
        base = llama(weights)
        references = [
            float((log_likelihood(base, w) - log_likelihood(base, o)).detach()) for w, o in pairs()
        ]
        model = peft.PeftModel.from_pretrained(base, Path(folder) / "adapter", is_trainable=True)
    model = model.double()
    trained = {
        name.replace(".default", ""): value
        for name, value in model.named_parameters()
        if value.requires_grad
    }
    found = []
    for beta in BETAS:
        model.zero_grad()
        gains = torch.stack(
            [
                log_likelihood(model, w) - log_likelihood(model, o) - reference
                for (w, o), reference in zip(pairs(), references, strict=True)
            ]
        )
        loss = -torch.nn.functional.logsigmoid(beta * gains).mean()
        loss.backward()
        norms = {
            name.removeprefix("base_model.model."): float(value.grad.norm())
            for name, value in sorted(trained.items())
        }
        found.append(
            {
                "beta": beta,
                "loss": loss.item(),
                "gains": gains.tolist(),
                "gradient_norms": norms,
                "along": {
                    name.removeprefix("base_model.model."): float(
                        (value.grad.numpy() * direction(value.detach().numpy())).sum()
                    )
                    for name, value in sorted(trained.items())
                },
            }
        )
    packages = ("torch", "transformers", "peft")
    reference = {
        "made_by": "tests/engine/backends/make_preference_reference.py",
        "versions": {name: version(name) for name in packages},
        "references": references,
        "found": found,
    }
    PREFERENCE_REFERENCE.write_text(json.dumps(reference, indent=1) + "\n")


if __name__ == "__main__":
    main()

"""Tokens, templates and examples are the same whatever holds the weights."""

import numpy as np
import pytest

from desktop_app.engine.backends.backend import ChatTemplateError, Model
from tests.engine.backends.conformance.installed import CHAT, TEXT


def test_a_model_says_what_it_is(model: Model) -> None:
    assert (model.name, model.context_tokens) == ("tiny", 512)


def test_a_text_comes_back(model: Model) -> None:
    tokens = model.tokenize(TEXT)
    assert model.detokenize(tokens) == TEXT
    assert b"".join(model.token_bytes(int(token)) for token in tokens) == TEXT.encode()
    assert model.token_bytes(10**6) == b""


def test_all_back_ends_cut_a_text_alike(models: dict[str, Model]) -> None:
    found = {name: model.tokenize(TEXT).tolist() for name, model in models.items()}
    assert all(tokens == found["numpy_llama"] for tokens in found.values())


def test_all_back_ends_learn_the_same_of_a_conversation(models: dict[str, Model]) -> None:
    examples = [model.training_example(CHAT) for model in models.values()]
    assert 0 < examples[0].loss_weights.sum() < len(examples[0].tokens)
    for each in examples[1:]:
        assert np.array_equal(each.tokens, examples[0].tokens)
        assert np.array_equal(each.loss_weights, examples[0].loss_weights)


def test_what_the_template_refuses_is_told(model: Model) -> None:
    with pytest.raises(ChatTemplateError):
        model.render([{"content": "no role"}], add_generation_prompt=True)

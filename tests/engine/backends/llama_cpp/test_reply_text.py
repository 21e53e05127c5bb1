"""What is let out of what the child tells."""

from collections.abc import Iterator

import numpy as np
import pytest

from desktop_app.engine.backends.backend import GeneratedPiece, Sampling, TokenIds
from desktop_app.engine.backends.llama_cpp.demand import is_plain, is_repeatable, request_body
from desktop_app.engine.backends.llama_cpp.reply_text import ReplyText
from desktop_app.engine.backends.llama_cpp.turns import Turns
from desktop_app.engine.backends.numpy_llama.model import NumpyLlamaModel

HIDDEN, ENDING = 0, 2


def test_a_stop_string_is_never_let_out(tiny_model: NumpyLlamaModel) -> None:
    text = ReplyText(tiny_model._tokenizer, ["STOP"])
    told = [text.add(part, 50, n + 1) for n, part in enumerate(["one S", "T", "A ST", "OP two"])]
    said = [piece.text for piece in told if piece is not None]
    assert "".join(said) == "one STA "
    assert text.ended
    assert told[-1] == GeneratedPiece("", 4, "stop")


def test_the_end_of_turn_counts_and_is_not_seen(tiny_model: NumpyLlamaModel) -> None:
    text = ReplyText(tiny_model._tokenizer, ["zz"])
    assert text.add("fizz"[:3], 50, 1) == GeneratedPiece("fi", 1)
    assert text.add("<|im_end|>", ENDING, 2) == GeneratedPiece("z", 2, "stop")
    assert text.ended


def test_bytes_that_are_held_back_at_the_end_are_a_broken_character(
    tiny_model: NumpyLlamaModel,
) -> None:
    text = ReplyText(tiny_model._tokenizer, ())
    assert text.add("a", 50, 1) == GeneratedPiece("a", 1)
    assert text.end("length", 3) == GeneratedPiece("\ufffd", 3, "length")


def test_a_character_of_several_tokens_comes_whole(tiny_model: NumpyLlamaModel) -> None:
    text = ReplyText(tiny_model._tokenizer, ())
    # The number of the last of its tokens is told alone: here one that would be an ending.
    assert text.add("東", ENDING, 3) == GeneratedPiece("東", 3)


def test_another_model_goes_on_where_it_was_left(tiny_model: NumpyLlamaModel) -> None:
    asked: list[tuple[list[int], Sampling]] = []

    class Other:
        def generate(self, prompt: TokenIds, sampling: Sampling) -> Iterator[GeneratedPiece]:
            asked.append((prompt.tolist(), sampling))
            yield GeneratedPiece(" c EN", 1)
            yield GeneratedPiece("D d", 2)

    text = ReplyText(tiny_model._tokenizer, ["END"])
    assert text.add("a", 50, 1) is not None
    assert text.add(" b", 51, 2) is not None
    other, sampling = Other(), Sampling(max_tokens=9, stop=["END"])
    pieces = list(text.continued(other, np.array([5]), sampling))  # type: ignore[arg-type]  # only what is used
    assert [(piece.text, piece.completion_tokens) for piece in pieces] == [(" c ", 3), ("", 4)]
    assert pieces[-1].finish_reason == "stop"
    assert asked[0][0] == [5, 50, 51]
    assert (asked[0][1].max_tokens, asked[0][1].stop) == (7, ())


@pytest.mark.parametrize(
    "sampling",
    [
        Sampling(choices=2),
        Sampling(top_logprobs=0),
        Sampling(grammar="start: /a/"),
        Sampling(logit_bias={1: 1.0}),
        Sampling(presence_penalty=0.1),
        Sampling(frequency_penalty=-0.1),
        Sampling(max_tokens=0),
    ],
)
def test_what_is_not_plain_is_left_to_the_default(sampling: Sampling) -> None:
    assert not is_plain(sampling)


def test_a_plain_request_says_all_that_counts() -> None:
    sampling = Sampling(temperature=0.7, top_p=0.9, seed=2**32 + 4, max_tokens=5, stop=["x"])
    assert is_plain(sampling)
    assert is_repeatable(sampling)
    body = request_body(np.array([1, 2]), sampling, 2, 1)
    assert body["samplers"] == ["temperature", "top_p"]
    assert body["lora"] == [{"id": 0, "scale": 0.0}, {"id": 1, "scale": 1.0}]
    assert (body["n_predict"], body["seed"], body["cache_prompt"]) == (5, 5, False)
    greedy = request_body(np.array([1]), Sampling(temperature=0.0, seed=1), 0, None)
    assert (greedy["samplers"], greedy["cache_prompt"]) == (["temperature"], True)


def test_replies_that_go_together_do_and_nobody_overtakes() -> None:
    turns = Turns(2)
    a, b, other, late = (turns.line_up(key) for key in ("x", "x", "y", "x"))
    assert [turns.is_on(place) for place in (a, b, other, late)] == [True, True, False, False]
    turns.leave(b)
    assert not turns.is_on(other)
    turns.leave(a)
    assert [turns.is_on(place) for place in (other, late)] == [True, False]
    turns.leave(other)
    assert turns.is_on(late)

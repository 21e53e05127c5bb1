"""What stands beside the weights: the Modelfile and the model card."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from desktop_app.engine.backends.text.chat_template import CHATML, ChatTemplate
from desktop_app.engine.exports.chat_form import ChatForm, Messages, chat_form
from desktop_app.engine.exports.kinds import ExportKind
from desktop_app.engine.exports.model_card import CardFacts, model_card, plain
from desktop_app.engine.exports.modelfile import modelfile
from tests.engine.exports.conftest import Export
from tests.engine.tiny_model import CHAT_TEMPLATE

HEADERS = (
    "{{ bos_token }}{% for message in messages %}<|start_header_id|>{{ message.role }}"
    "<|end_header_id|>\n\n{{ message.content }}<|eot_id|>{% endfor %}"
    "{% if add_generation_prompt %}<|start_header_id|>assistant<|end_header_id|>\n\n{% endif %}"
)
USER_FIRST = (
    "{% for message in messages %}{% if message.role == 'system' %}"
    "{{ raise_exception('no system') }}{% endif %}[INST]{{ message.content }}[/INST]{% endfor %}"
)
ONLY_THE_LAST = "{{ messages[-1].content }}"
COUNTING = "{% for message in messages %}{{ loop.index }}: {{ message.content }}\n{% endfor %}"
TALK = [
    {"role": "user", "content": "one"},
    {"role": "assistant", "content": "two"},
    {"role": "user", "content": "three"},
    {"role": "assistant", "content": "four"},
    {"role": "user", "content": "five"},
]
FACTS = CardFacts(
    title="My | *voice*\n# x",
    model="ft:tiny:local:x:abc",
    kind=ExportKind.ADAPTER,
    file_name="x.gguf",
    base="Tiny",
    base_file="tiny.gguf",
)


def form_of(source: str, bos: str = "") -> tuple[ChatForm | None, ChatTemplate]:
    """Find a form; `bos` is what is put in front of a text without the template."""
    template = ChatTemplate(source, bos="<s>", eos="</s>", endings=[])

    def render(messages: Messages, speak: bool) -> str:
        return template.render(messages, add_generation_prompt=speak).removeprefix(bos)

    return chat_form(render), template


def in_ollama(text: str, messages: Messages) -> str:
    """Render a Modelfile's template as Go does, as far as templates made here go."""
    form = re.search(r'TEMPLATE """(.*?)"""', text, re.DOTALL)
    assert form is not None
    start, end = "{{ range .Messages }}", "{{ end }}{{ end }}"
    before, _, rest = form[1].partition(start)
    inside, _, behind = rest.partition(end)
    branches = re.split(r'\{\{ (?:else )?if eq \.Role "(\w+)" \}\}', inside)
    frames = dict(zip(branches[1::2], branches[2::2], strict=True))
    system = re.search(r'SYSTEM """(.*?)"""', text, re.DOTALL)
    if system is not None and messages[0]["role"] != "system":
        messages = [{"role": "system", "content": system[1]}, *messages]
    said = (frames[m["role"]].replace("{{ .Content }}", m["content"]) for m in messages)
    return before + "".join(said) + behind


@pytest.mark.parametrize("source", [CHAT_TEMPLATE, CHATML, HEADERS], ids=["smol", "ml", "headers"])
@pytest.mark.parametrize("system", [[], [{"role": "system", "content": "Be kind."}]])
def test_ollama_writes_what_the_template_writes(source: str, system: Messages) -> None:
    form, template = form_of(source, "<s>")
    messages = [*system, *TALK]
    text = modelfile("m.gguf", form, ["<|im_end|>"], "apache-2.0")
    wanted = template.render(messages, add_generation_prompt=True).removeprefix("<s>")
    assert in_ollama(text, messages) == wanted
    assert text.startswith("FROM ./m.gguf\n")
    assert 'PARAMETER stop "<|im_end|>"\n' in text
    assert 'LICENSE """apache-2.0"""' in text


@pytest.mark.parametrize("source", [USER_FIRST, ONLY_THE_LAST, COUNTING, HEADERS])
def test_what_has_no_equal_is_said_and_not_guessed(source: str) -> None:
    form, _ = form_of(source)
    assert form is None
    text = modelfile("m.gguf", form, ['a"b'], "")
    assert "TEMPLATE" not in text.replace("chat template", "")
    assert "no equal" in text
    assert "PARAMETER" not in text


def test_texts_that_go_would_read_are_left_out() -> None:
    form, _ = form_of(CHATML.replace("<|im_end|>", "{{ '}}' }}"))
    assert form is not None
    assert "no equal" in modelfile("m.gguf", form, [], "")


def test_the_file_of_a_model(export: Export) -> None:
    folder = export(ExportKind.GGUF_Q8_0)
    text = (folder / "Modelfile").read_text()
    assert text.startswith("FROM ./tiny-x.gguf\n")
    assert (folder / "tiny-x.gguf").exists()
    assert 'SYSTEM """You are a helpful AI assistant named SmolLM' in text
    assert {'PARAMETER stop "<|endoftext|>"', 'PARAMETER stop "<|im_end|>"'} <= {*text.split("\n")}


def front_matter(card: str) -> dict[str, Any]:
    lines = card.split("---\n")[1].splitlines()
    return {name: json.loads(value) for name, _, value in (line.partition(": ") for line in lines)}


def test_a_card_holds_nothing_that_is_not_known() -> None:
    card = model_card(FACTS)
    assert front_matter(card) == {"library_name": "peft", "pipeline_tag": "text-generation"}
    assert "None" not in card
    assert "## Training" not in card
    assert "does not state its licence" in card


def test_a_card_says_what_is_known(export: Export, adapter: Path) -> None:
    card = (export(ExportKind.MERGED) / "README.md").read_text()
    assert front_matter(card)["license"] == "apache-2.0"
    assert front_matter(card)["library_name"] == "transformers"
    assert "rank 4, alpha 16" in card
    assert "`tiny.gguf`" in card
    assert 'AutoModelForCausalLM.from_pretrained(".")' in card


def test_users_words_stay_words() -> None:
    assert plain("a | b\n# [x](y) `z` <b>") == r"a \| b \# \[x\](y) \`z\` \<b\>"
    assert len(plain("x" * 900)) == 200
    assert "# My \\| \\*voice\\* \\# x\n" in model_card(FACTS)


def test_python_in_a_card_is_python() -> None:
    for kind in (ExportKind.ADAPTER, ExportKind.MERGED):
        card = model_card(CardFacts("t", "m", kind, "x.gguf", "Tiny", "tiny.gguf"))
        (code,) = re.findall(r"```python\n(.*?)```", card, re.DOTALL)
        compile(code, "card", "exec")

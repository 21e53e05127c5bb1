"""Makes reference.json: what transformers and tokenizers give for the starter model.

Run once, in an environment of its own:
    pip install torch==2.13.0 transformers==5.23.0 gguf==0.19.0 accelerate==1.15.0
    python make_reference.py SmolLM2-135M-Instruct.Q4_1.gguf reference.json
The tokenizer is built from the GGUF with the model's own pre-tokenizer, because transformers loses
the digits' one when it reads a GGUF.
"""

import json
import sys
from importlib.metadata import version
from pathlib import Path

import gguf
import tokenizers
import torch
import transformers

PROMPT = (
    "<|im_start|>system\nAnswer briefly.<|im_end|>\n<|im_start|>user\n"
    "What is the capital of France? 42 naïve cafés, 東京 и Москва.<|im_end|>\n"
    "<|im_start|>assistant\nThe capital of France is Paris."
)
TEXTS = [
    *("", " ", "\n", "Hello, world!", " leading", "trailing ", "  two  spaces   three"),
    *("tabs\t\tand\nnew\n\nlines\r\n", "don't I'll we've CAN'T It's", "'s 't 're 'd'll", "’s"),
    *("123 4567 8.90 1,000,000", "   42", "a1b2c3 x  9", "\n\n\n7", "5   6", "5\n\n6", "x  5"),
    *("Ⅳ ² ½ ٣ ４", "1️⃣2️⃣", "٠١٢٣٤٥ و 12", "€5 £6 ¥7", "...5...", "2026-11-20T06:08:04Z"),
    *(
        "日本語のテキストです。",
        "中文分词测试，你好世界！",
        "한국어 문장입니다",
        "吾輩は猫である。名前はまだ無い。",
    ),
    *("مرحبا بالعالم، كيف حالك؟", "שלום עולם", "नमस्ते दुनिया", "สวัสดีชาวโลก", "வணக்கம்"),
    *("Привет, как дела? Ёлка", "Ελληνικά γράμματα", "zażółć gęślą jaźń", "Đường phố Hà Nội"),
    *(
        "😀👍🏽 family 👨‍👩‍👧‍👦 flags 🇫🇷",
        "\U0001f9d1\u200d\U0001f4bb",
        "𝒜𝓁𝓅𝒽𝒶",
        "ﬁ ligature",
        "é vs e\u0301",
    ),
    *(
        "\u00a0nbsp\u2003em\u3000ideo",
        "\x00\x01\x7f",
        "\ufeffbom",
        "a\u200bb",
        "….—–“”‘’",
        "ÀÉÎÕÜ ß ñ ø",
    ),
    *("<|im_start|>user\nHi<|im_end|>\n", "<|endoftext|>", "text<|im_end|>", "<|im_start|"),
    *(
        "<repo_name>x<file_sep>",
        "def f(x):\n    return x**2  # ok\n",
        "https://example.org/a?b=c&d=%20",
    ),
    *('{"topic": "complaint", "urgency": "high"}', "A" * 50, "ha" * 100, " " * 100, "\n" * 37),
    *(
        " \n \n  x",
        "x \n",
        "\t\t\tx",
        "Supercalifragilisticexpialidocious antidisestablishmentarianism",
    ),
]


def build_tokenizer(path: Path) -> tokenizers.BytePairTokenizer:
    fields = gguf.GGUFReader(path).fields
    tokens = fields["tokenizer.ggml.tokens"].contents()
    merges = [tuple(merge.split(" ")) for merge in fields["tokenizer.ggml.merges"].contents()]
    kinds = fields["tokenizer.ggml.token_type"].contents()
    vocabulary = {token: place for place, token in enumerate(tokens)}
    made = tokenizers.BytePairTokenizer(tokenizers.models.BPE(vocab=vocabulary, merges=merges))
    split = tokenizers.pre_tokenizers
    made.pre_tokenizer = split.Sequence(
        [split.Digits(individual_digits=True), split.ByteLevel(add_prefix_space=False)]
    )
    control = [token for token, kind in zip(tokens, kinds, strict=True) if kind == 3]
    made.add_special_tokens(control)
    return made


def main() -> None:
    source, target = Path(sys.argv[1]), Path(sys.argv[2])
    tokenizer = build_tokenizer(source)

    def encode(text: str) -> list[int]:
        return list(tokenizer.encode(text, add_special_tokens=False).ids)

    model = transformers.AutoModelForCausalLM.from_pretrained(
        source.parent, gguf_file=source.name, dtype=torch.float32
    )
    ids = encode(PROMPT)
    with torch.no_grad():
        logits = model(torch.tensor([ids])).logits[0]
    top = logits.topk(5)
    packages = ("torch", "transformers", "tokenizers", "gguf", "accelerate")
    reference = {
        "made_by": "tests/engine/backends/make_reference.py",
        "versions": {name: version(name) for name in packages},
        "model": source.name,
        "prompt": PROMPT,
        "prompt_tokens": ids,
        "top_tokens": top.indices.tolist(),
        "top_logits": [[round(value, 4) for value in row] for row in top.values.tolist()],
        "log_sum_exp": [round(value, 4) for value in logits.logsumexp(-1).tolist()],
        "texts": [{"text": text, "tokens": encode(text)} for text in TEXTS],
    }
    lines = [f"{json.dumps(key)}: {json.dumps(value)}" for key, value in reference.items()]
    target.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    main()

import pytest

from desktop_app.state.connections.model_names import short_name


@pytest.mark.parametrize(
    ("model", "name"),
    [
        ("gpt-4.1-2025-04-14", "GPT-4.1"),
        ("gpt-4.1-mini-2025-04-14", "GPT-4.1 mini"),
        ("gpt-4o-2024-08-06", "GPT-4o"),
        ("gpt-4o-mini-2024-07-18", "GPT-4o mini"),
        ("gpt-3.5-turbo", "GPT-3.5 Turbo"),
        ("gpt-3.5-turbo-0613", "GPT-3.5 Turbo 0613"),
        ("o4-mini-2025-04-16", "o4-mini"),
        ("davinci-002", "davinci-002"),
        ("smollm2-135m-instruct", "SmolLM2 135M"),
        ("Qwen/Qwen3-8B", "Qwen/Qwen3-8B"),
        ("gpt-oss-20b", "gpt-oss-20b"),
        ("ft:gpt-4.1-mini-2025-04-14:acme:harbour:9xYz", "harbour (GPT-4.1 mini)"),
        ("ft:smollm2-135m-instruct:local:harbour:1a2b3c4d", "harbour (SmolLM2 135M)"),
        ("ft:gpt-4.1-2025-04-14:acme::9xYz", "9xYz (GPT-4.1)"),
        ("ft:gpt-4.1:acme:harbour:9xYz:ckpt-step-38", "harbour (GPT-4.1), step 38"),
        ("ft:gpt-4.1:acme:harbour:9xYz:other", "harbour (GPT-4.1)"),
        ("ft:", "ft:"),
        ("", ""),
    ],
)
def test_names(model: str, name: str) -> None:
    assert short_name(model) == name

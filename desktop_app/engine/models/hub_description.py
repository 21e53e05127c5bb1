"""What a repository on a hub would be as a base model, before it is here."""

from collections.abc import Mapping
from typing import Any

from desktop_app.engine.backends.model_files.hf_config import ARCHITECTURES
from desktop_app.engine.backends.torch_models.facts import lacking
from desktop_app.engine.models.fits import NO_TORCH
from desktop_app.engine.models.hub_client import Hub, HubError, Repository
from desktop_app.engine.models.hub_files import CONFIG, HubFile, NotAModelError, wanted
from desktop_app.engine.models.hub_name import HubName
from desktop_app.engine.models.origin import Licence, Origin
from desktop_app.engine.models.shape import config_in, context_of, shape_of
from desktop_app.engine.models.torch_kinds import unknown_to_torch

NOT_OFFERED = 501
_MOST_WORD = 300
_MOST_CONFIG_BYTES = 4 << 20
_DAMAGED = f"Its {CONFIG} is damaged."


def described(hub: Hub, name: HubName, model_id: str) -> Origin:
    """Ask the hub what a model is. Raises HubError, also for what cannot be used here."""
    repository = hub.look_up(name)
    try:
        files = wanted(repository.files)
    except NotAModelError as error:
        raise HubError(NOT_OFFERED, f"{name.full} cannot be used: {error}") from error
    config = _config(hub, name, repository.sha, files)
    shape = shape_of(config)
    if config and shape is None and (why := _why_not(config)):
        raise HubError(NOT_OFFERED, f"{name.full} cannot be used: {why}")
    told = repository.safetensors or repository.gguf
    return Origin(
        id=model_id,
        files=tuple(files),
        hub=name.full,
        revision=name.revision,
        commit=repository.sha,
        licence=_licence(hub, name, repository, files),
        languages=_words(repository.card.get("language")),
        parameters=shape.parameters if shape else repository.parameters,
        context_tokens=context_of(config) or (told.context_length if told else None),
        shape=shape,
    )


def _config(hub: Hub, name: HubName, commit: str, files: list[HubFile]) -> dict[str, Any]:
    """Return the config.json, nothing for a GGUF file alone. Raises HubError."""
    file = next((file for file in files if file.path == CONFIG), None)
    if file is None:
        return {}
    config = config_in(hub.read(name, commit, file)) if file.size <= _MOST_CONFIG_BYTES else {}
    if not config:
        raise HubError(NOT_OFFERED, f"{name.full} cannot be used: {_DAMAGED}")
    return config


def _why_not(config: Mapping[str, Any]) -> str | None:
    """Say why a model cannot be used that states its measures in no way that NumPy reads."""
    kind = config.get("model_type")
    if not isinstance(kind, str) or kind in ARCHITECTURES:
        return _DAMAGED
    return NO_TORCH if lacking() is not None else unknown_to_torch(kind)


def _licence(hub: Hub, name: HubName, repository: Repository, files: list[HubFile]) -> Licence:
    """Return the licence that the model's card states. Source: Hugging Face, "Model cards"."""
    card = repository.card
    stated = ", ".join(_words(card.get("license")))
    title = ", ".join(_words(card.get("license_name")))
    link = ", ".join(_words(card.get("license_link")))
    if not link.startswith("https://"):
        texts = [file.path for file in files if "licen" in file.path.lower()]
        inside = link if link in texts else next(iter(texts), None)
        link = f"{hub.page(name)}/blob/{repository.sha}/{inside}" if inside else hub.page(name)
    return Licence(stated, title or stated, link)


def _words(value: Any) -> tuple[str, ...]:  # noqa: ANN401  # a card holds what its writer put there
    """Return a text, or a list of texts, as a tuple of short texts."""
    values = value if isinstance(value, list) else [value]
    return tuple(each[:_MOST_WORD] for each in values if isinstance(each, str))

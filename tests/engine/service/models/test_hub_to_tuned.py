"""A model from a hub is trained, answers, is taken out and removed: by a service in a process."""

from pathlib import Path

from tests.engine.service.models.journey import (
    Journey,
    engine_beside_hub,
    files_of,
    go_all_the_way,
)
from tests.engine.tiny_folder import write_tiny_folder


def test_a_fetched_model_goes_all_the_way(
    tmp_path: Path, token_file: Path, tiny_model: Path
) -> None:
    files = files_of(write_tiny_folder(tmp_path / "made", seed=5, files=2))
    with engine_beside_hub(tmp_path, token_file, tiny_model, {"small-one": files}) as (
        engine,
        caller,
    ):
        go_all_the_way(Journey(engine, caller, "small-one"), tmp_path)
        assert engine.get("../engine")["active_jobs"] == 0

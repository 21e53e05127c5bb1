import os
import shutil
from pathlib import Path

import gguf
import numpy as np
import pytest

from desktop_app.engine.backends.llama_cpp import files as files_module
from desktop_app.engine.backends.llama_cpp.files import NoRoomError, RuntimeFiles, Verdict
from tests.engine.tiny_model import tiny_weights


def test_a_base_is_copied_once_in_f16(base: Path, files: RuntimeFiles) -> None:
    copy = files.base(base)
    before = copy.stat().st_ino
    tensors = {tensor.name: tensor for tensor in gguf.GGUFReader(copy).tensors}
    name = "blk.0.ffn_up.weight"
    assert tensors[name].tensor_type == gguf.GGMLQuantizationType.F16
    assert np.array_equal(tensors[name].data, tiny_weights(3)[name].astype(np.float16))
    assert files.base(base) == copy
    assert copy.stat().st_ino == before


def test_a_damaged_copy_is_made_again(base: Path, files: RuntimeFiles, tmp_path: Path) -> None:
    copy = files.base(base)
    whole = copy.read_bytes()
    copy.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    later = RuntimeFiles(tmp_path / "answering")  # a service that has not read it yet
    assert later.base(base).read_bytes() == whole
    copy.write_bytes(whole[:-1])
    assert later.base(base).read_bytes() == whole


def test_a_copy_goes_with_what_it_was_made_from(
    base: Path, adapters: list[Path], files: RuntimeFiles
) -> None:
    copies = [files.base(base), *(files.adapter(one, base) for one in adapters)]
    (copies[0].parent.parent / ".part-abc").mkdir()
    files.tidy()
    assert all(copy.is_file() for copy in copies)
    shutil.rmtree(adapters[0])
    files.tidy()
    assert [copy.is_file() for copy in copies] == [True, False, True]
    os.utime(base, (1, 1))
    files.tidy()
    left = list(copies[0].parent.parent.iterdir())
    assert left == [copies[2].parent]


def test_what_is_not_whole_is_not_there(
    base: Path, files: RuntimeFiles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(to: Path, _base: Path) -> None:
        to.write_bytes(b"GGUF and then the disk was full")
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(files_module, "_write_base", broken)
        with pytest.raises(OSError, match="No space"):
            files.base(base)
    assert list((tmp_path / "answering").iterdir()) == []
    assert files.base(base).is_file()


def test_a_full_disk_is_told_beforehand(
    base: Path, files: RuntimeFiles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(tmp_path)._replace(free=100 << 20)
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage)
    with pytest.raises(NoRoomError, match=r"0\.1 GB is free"):
        files.base(base)


def test_a_verdict_holds_for_its_versions_and_files(
    base: Path, adapters: list[Path], files: RuntimeFiles
) -> None:
    files.adapter(adapters[0], base)
    verdict = Verdict("1", same=False, used=False, why="2 of 3 replies differed.")
    files.keep_verdict(base, adapters[0], verdict)
    assert files.verdict(base, adapters[0], "1") == verdict
    assert files.verdict(base, adapters[0], "2") is None
    assert files.verdict(base, None, "1") is None
    os.utime(base, (1, 1))
    assert files.verdict(base, adapters[0], "1") is None

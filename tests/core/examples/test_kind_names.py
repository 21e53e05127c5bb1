from desktop_app.core.examples.kind_names import KIND_NAMES
from desktop_app.core.examples.texts import TEXTS


def test_every_kind_of_finding_has_a_name_of_its_own() -> None:
    assert KIND_NAMES.keys() == TEXTS.keys()
    assert len(set(KIND_NAMES.values())) == len(KIND_NAMES)
    assert not [name for name in KIND_NAMES.values() if "{" in name]

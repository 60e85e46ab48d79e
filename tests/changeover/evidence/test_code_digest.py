from pathlib import Path

import pytest

from changeover.errors import ConfigurationError
from changeover.evidence.code_digest import code_digest


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "digested_package"
    folder.mkdir()
    (folder / "__init__.py").write_text('"""Words."""\n')
    (folder / "a.py").write_text('def f():\n    """Words."""\n    return 1\n')
    monkeypatch.syspath_prepend(tmp_path)
    return folder


def test_comments_docstrings_and_layout_do_not_count(package: Path) -> None:
    before = code_digest(["digested_package"])
    (package / "a.py").write_text('# why\ndef f():\n    """Other words."""\n\n    return (1)\n')
    assert code_digest(["digested_package"]) == before


def test_any_other_change_counts(package: Path) -> None:
    before = code_digest(["digested_package"])
    (package / "a.py").write_text("def f():\n    return 2\n")
    changed = code_digest(["digested_package"])
    (package / "b.py").write_text("")
    assert len({before, changed, code_digest(["digested_package"])}) == 3


def test_code_that_cannot_be_read_is_an_error(package: Path) -> None:
    (package / "a.py").write_text("def f(:\n")
    with pytest.raises(ConfigurationError, match=r"a\.py: could not be read as Python"):
        code_digest(["digested_package"])
    with pytest.raises(ConfigurationError, match="'digested_nowhere' cannot be found"):
        code_digest(["digested_nowhere"])


def test_a_folder_that_is_found_by_two_ways_counts_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "digested_folder").mkdir()
    (tmp_path / "digested_folder" / "a.py").write_text("A = 1\n")
    monkeypatch.syspath_prepend(tmp_path)
    before = code_digest(["digested_folder"])
    monkeypatch.syspath_prepend(str(tmp_path / "digested_folder" / ".."))
    assert code_digest(["digested_folder"]) == before

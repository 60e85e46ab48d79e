"""`[migration.removal]`, and the copy that things are deleted in."""

import subprocess
from pathlib import Path

import pytest

from changeover import ConfigurationError
from changeover.removal.plan import Removal, load_removal
from changeover.removal.rehearsal import copy_project, delete_places

PLAN = '[migration]\nname = "m"\nlegacy = ["m.old"]\n'


def loaded(folder: Path, text: str) -> Removal:
    (folder / "phases.toml").write_text(text)
    return load_removal(folder / "phases.toml")


def test_a_plan_without_the_table_removes_only_the_packages(tmp_path: Path) -> None:
    assert loaded(tmp_path, PLAN) == Removal(("m.old",))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[migration]\nname = "m"\n', "migration.legacy: is missing or empty"),
        (PLAN + '[migration.removal]\ndelete = ["../x"]\n', "migration.removal.delete: was '../x'"),
        (PLAN + '[migration.removal]\ndelete = ["/etc"]\n', "migration.removal.delete: was '/etc'"),
        (PLAN + '[migration.removal]\ndelete = ["."]\n', "migration.removal.delete: was '.'"),
        (PLAN + '[migration.removal]\npatch = "C:\\\\x"\n', "migration.removal.patch: was"),
        (
            PLAN + "[migration.removal]\ndeletes = []\n",
            'migration.removal: unknown key "deletes", did you mean "delete"? allowed',
        ),
        (PLAN + "[migration.removal]\ntimeout_s = 0\n", "migration.removal.timeout_s: was 0"),
    ],
)
def test_what_the_plan_may_not_say_is_named(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        loaded(tmp_path, text)
    assert said in str(refused.value)


def files_in(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_a_copy_has_what_git_has_or_would_add(tmp_path: Path) -> None:
    source, copy = tmp_path / "source", tmp_path / "copy"
    source.mkdir()
    for name in ("kept.py", "new.py", "gone.py", ".hidden", "secret.env"):
        (source / name).write_text(name)
    (source / ".gitignore").write_text("secret.env\n")
    for command in (["init", "-q"], ["add", "kept.py", "gone.py"]):
        subprocess.run(["git", *command], cwd=source, check=True)
    (source / "gone.py").unlink()
    assert copy_project(source, copy) == 4
    assert files_in(copy) == [".gitignore", ".hidden", "kept.py", "new.py"]


def test_without_git_hidden_folders_and_what_is_built_stay_behind(tmp_path: Path) -> None:
    source, copy = tmp_path / "source", tmp_path / "copy"
    for name in ("a.py", "b/c.py", ".venv/x.py", "b/__pycache__/c.pyc", "build/y.py"):
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_text(name)
    assert copy_project(source, copy) == 2
    assert files_in(copy) == ["a.py", "b/c.py"]


def test_folders_and_files_are_deleted_and_counted(tmp_path: Path) -> None:
    for name in ("a/b/c.py", "a/d.py", "e.py", "f.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    assert delete_places(tmp_path, ["a", "e.py"]) == 3
    assert files_in(tmp_path) == ["f.py"]
    with pytest.raises(ConfigurationError, match="'a' is no file and no folder here"):
        delete_places(tmp_path, ["a"])

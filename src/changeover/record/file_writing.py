"""How code looks that writes files: by the names that it says, nothing of it is run."""

from __future__ import annotations

from types import CodeType

FILE_WRITING = "files that are written"
"""As what stands beside the libraries which reach the outside: no module is called so."""
WRITERS = frozenset(
    {
        *("write_text", "write_bytes", "touch", "copyfile", "copytree", "copy2", "rmtree", "makedirs"),
        *("mkstemp", "mkdtemp", "NamedTemporaryFile", "TemporaryDirectory", "unlink", "rmdir", "mkdir"),
    }
)
"""Names that are said to change files, and hardly for anything else."""
_LETTERS = frozenset("wax+")
_MODE_MAX = 4


def is_writing_mode(value: object) -> bool:
    """Whether a value is what `open` gets as a mode for writing: `w`, `ab`, `r+`."""
    return (
        isinstance(value, str)
        and 0 < len(value) < _MODE_MAX
        and not set(value) - set("rwaxbt+")
        and not _LETTERS.isdisjoint(value)
        and len(set(value) & set("rwax")) == 1
    )


def writes_files(code: CodeType) -> bool:
    """Whether a function, without those inside it, seems to change files."""
    said = set(code.co_names)
    return not WRITERS.isdisjoint(said) or ("open" in said and any(map(is_writing_mode, code.co_consts)))

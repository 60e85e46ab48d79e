"""`init`: the files that a migration begins with, made for the program that is there."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path

from changeover.errors import ConfigurationError
from changeover.packs.catalogue import OWN
from changeover.packs.program_look import DRIVERS, OVER_DRIVERS, Looked, look_at
from changeover.project import PYPROJECT, Project, open_project
from changeover.quick_dataclass import dataclass
from changeover.settings import PLAN_FILE, RULES_FILE
from changeover.values.atomic_file import write_file
from changeover.values.toml_table import parse_toml, read_text

_INITIAL_FILES = Path(__file__).with_name("initial_files")
_IGNORED = ".changeover/"
_APP_FILE = "compat.py"


@dataclass(frozen=True, slots=True)
class InitialFile:
    """`state` is `new`, `added to` or `kept`; `what` says in a few words what was added."""

    path: Path
    state: str
    what: str = ""


@dataclass(frozen=True, slots=True)
class InitialFiles:
    """What was written, the app that pyproject.toml names now, what was found, and what to type next."""

    files: tuple[InitialFile, ...]
    app: str
    libraries: dict[str, str]
    uncovered: dict[str, str]
    next: tuple[str, ...]


def init(*, dry_run: bool = False, project: str | Path | Project = ".") -> InitialFiles:
    """Write what a migration begins with; what is there already stays as it is.

    The source of the program is read, and not imported: which packages it has, which libraries it uses that
    a pack covers, and where the objects are made that a pack needs.

    Args:
        dry_run: write nothing.
        project: a folder of the project, or the project.

    Raises:
        ConfigurationError: pyproject.toml is wrong.

    Example:
        changeover.init(project="shop")
    """
    found = open_project(project)
    looked = look_at(found.root)
    app_file, app = _place_of_app(found, looked)
    files = _Files(dry_run)
    plan_file = found.directory / PLAN_FILE
    files.make(plan_file, lambda: _plan_text(found, looked, app))
    files.make(
        found.directory / RULES_FILE, lambda: (_INITIAL_FILES / RULES_FILE).read_text(encoding="utf-8")
    )
    if found.app is None:
        files.make(app_file, lambda: _app_text(found, looked, app_file))
    files.extend(
        found.root / PYPROJECT, _tool_lines(found, app), "[tool.changeover]", has=found.app is not None
    )
    ignored = found.root / ".gitignore"
    has_line = ignored.exists() and _IGNORED.rstrip("/") in ignored.read_text(
        encoding="utf-8", errors="replace"
    )
    files.extend(ignored, f"{_IGNORED}\n", _IGNORED, has=has_line)
    following = tuple(_next(looked, app_file, found))
    return InitialFiles(tuple(files.made), app, _covered(looked), looked.uncovered, following)


def _covered(looked: Looked) -> dict[str, str]:
    """The packs that are in use from now on, or that a line waits for."""
    return {name: place for name, place in looked.libraries.items() if _is_ready(name)}


class _Files:
    """Writes files and remembers what became of each."""

    def __init__(self, dry_run: bool) -> None:
        self.made: list[InitialFile] = []
        self._dry_run = dry_run

    def make(self, path: Path, text: Callable[[], str]) -> None:
        """Write a file unless it exists."""
        is_new = not path.exists()
        if is_new and not self._dry_run:
            write_file(path, text().encode())
        self.made.append(InitialFile(path, "new" if is_new else "kept"))

    def extend(self, path: Path, lines: str, what: str, *, has: bool) -> None:
        """Put lines at the end of a file that may exist, unless it has them."""
        before = path.read_text(encoding="utf-8") if path.exists() else ""
        state = "kept" if has else "added to" if before else "new"
        if not has and not self._dry_run:
            gap = "" if not before or before.endswith("\n\n") else "\n" if before.endswith("\n") else "\n\n"
            gap = gap if lines.startswith("[") else "" if not before or before.endswith("\n") else "\n"
            write_file(path, (before + gap + lines).encode())
        self.made.append(InitialFile(path, state, "" if has else what))


def _place_of_app(found: Project, looked: Looked) -> tuple[Path, str]:
    """The file in which ports and seams are declared, and what pyproject.toml says of it."""
    if found.app is not None:
        module = found.app.partition(":")[0]
        return looked.source.joinpath(*module.split(".")).with_suffix(".py"), found.app
    packages = [name for name in looked.packages if (looked.source / name / "__init__.py").exists()]
    if len(packages) == 1:
        return looked.source / packages[0] / _APP_FILE, f"{packages[0]}.compat:load"
    return looked.source / _APP_FILE, "compat:load"


def _tool_lines(found: Project, app: str) -> str:
    directory = _relative(found.directory, found.root)
    return f'[tool.changeover]\napp = "{app}"\ndirectory = "{directory}"\n'


def _relative(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else path.as_posix()


def _name_of(found: Project) -> str:
    """The project's own name, or that of its folder, as a plan may be called."""
    named = None
    file = found.root / PYPROJECT
    if file.is_file():
        try:
            named = parse_toml(read_text(file), str(file)).get("project", {}).get("name")
        except ConfigurationError:  # an empty file
            named = None
    name = named if isinstance(named, str) else found.root.name
    return re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-") or "my-migration"


def _plan_text(found: Project, looked: Looked, app: str) -> str:
    text = (_INITIAL_FILES / PLAN_FILE).read_text(encoding="utf-8")
    code = ", ".join(f'"{name}"' for name in _code(looked, app))
    text = text.replace('name = "my-migration"', f'name = "{_name_of(found)}"')
    lines = [_port_line(name, place, looked) for name, place in _without_object(looked)]
    ports = "\n".join(["[ports]                     # changeover docs packs", *lines]) if lines else ""
    text = re.sub(r"code = \[\] +", f"code = [{code}]   ", text) if code else text
    old = ", ".join(f'"{name}"' for name in looked.named_legacy)
    text = re.sub(r"legacy = \[\] +", f"legacy = [{old}]   ", text) if old else text
    return text.replace("\n# [[phase]]", f"\n{ports}\n\n# [[phase]]", 1) if ports else text


def _code(looked: Looked, app: str) -> tuple[str, ...]:
    """What evidence is about: ports and seams as well, which may stand beside the packages."""
    module = app.partition(":")[0]
    is_inside = any(module == name or module.startswith(f"{name}.") for name in looked.packages)
    return looked.packages if is_inside or not looked.packages else (*looked.packages, module)


def _port_line(name: str, place: str, looked: Looked) -> str:
    """A line of [ports]; one that needs a package which may not be there is left to the reader."""
    extra = None if _is_ready(name) else OWN[name].extra
    is_second = name in DRIVERS and not OVER_DRIVERS.isdisjoint(looked.libraries)
    said = f'{name} = {{ port = "{name}" }}' if is_second else f"{name} = true"
    said = said if extra is None else f"# {said}"
    return f"{said:<27} # {place}{'' if extra is None else f'; needs changeover[{extra}]'}"


def _is_ready(name: str) -> bool:
    """Whether what the pack itself needs is installed."""
    pack = OWN[name]
    return pack.extra is None or pack.package is None or find_spec(pack.package) is not None


def _without_object(looked: Looked) -> Iterator[tuple[str, str]]:
    for name, place in looked.libraries.items():
        if not OWN[name].makers:
            yield name, place


def _app_text(found: Project, looked: Looked, file: Path) -> str:
    """The module in which ports and seams are declared: it imports as it stands."""
    above = len(file.relative_to(found.root).parts) - 1
    folder = f"Path(__file__).parents[{above}]" if found.directory.is_relative_to(found.root) else "Path"
    place = f'{folder} / "{_relative(found.directory, found.root)}"'
    if folder == "Path":
        place = f'Path("{found.directory.as_posix()}")'
    imports, uses = [], []
    used: set[str] = set()
    for made in looked.made:
        use = f'migration.use("{made.pack}", {made.attribute})'
        if OWN[made.pack].in_place:
            uses.append(f"# below {made.attribute} in {made.module}: {use}")
        elif made.pack in used:
            uses.append(f"# {use}  # of {made.module}: one object for each use")
        else:
            used.add(made.pack)
            imports.append(f"from {made.module} import {made.attribute}")
            uses.append(use)
    for name, at in looked.libraries.items():
        if OWN[name].makers and not any(made.pack == name for made in looked.made):
            makers = " or ".join(maker.rpartition(".")[2] for maker in OWN[name].makers)
            uses.append(f'# migration.use("{name}", ...)  # what {makers} gave ({at})')
    for name, at in _without_object(looked):
        if not _is_ready(name):
            continue
        uses.append(f"# {name} ({at}) is in use by [ports] of {PLAN_FILE}")
        if OWN[name].opens_early:
            here = _module(file, looked)
            uses.append(f"#   a module that opens one while it is imported: first import {here} there")
    return "\n".join(
        [
            f'"""The migration of {_name_of(found)}: its ports and seams."""',
            "",
            "from pathlib import Path",
            "",
            "from changeover import Migration",
            "",
            f"migration = Migration.load({place})",
            *(_below_migration(imports) if imports else []),
            *uses,
            "",
            f"# A seam is a call with two paths. Name it in a phase of {PLAN_FILE}, and put this where the",
            "# old function stands:",
            "#",
            f"#     from {_module(file, looked)} import migration{_where_to_import(looked)}",
            "#",
            '#     @migration.seam("orders.place", candidate=handlers.place)',
            "#     def place(order): ...          # the old code, unchanged",
            "#",
            "# The candidate takes the same arguments, self too. Let it stand in a module that stays when",
            "# the old code is deleted. For the command compare: changeover docs declarations, source.",
            "",
            "",
            "def load():",
            '    """What commands use: the migration, once every module that declares a seam is imported."""',
            f"    # import {(looked.packages or ('shop',))[0]}.orders",
            "    return migration",
            "",
        ]
    )


def _below_migration(imports: list[str]) -> list[str]:
    """Whichever module is imported first: one that has a seam finds `migration` here already."""
    return ["", *(f"{one}  # noqa: E402  it may import migration from here" for one in imports), ""]


def _where_to_import(looked: Looked) -> str:
    """Where a module imports `migration` whose own objects are imported here."""
    made = [one for one in looked.made if not OWN[one.pack].in_place]
    return f"   # in {made[0].module}: below {made[0].attribute}" if made else ""


def _module(file: Path, looked: Looked) -> str:
    return ".".join(file.relative_to(looked.source).with_suffix("").parts)


def _next(looked: Looked, app_file: Path, found: Project) -> Iterator[str]:
    plan = _relative(found.directory / PLAN_FILE, found.root)
    for name in looked.libraries:
        if not _is_ready(name):
            yield f'pip install "changeover[{OWN[name].extra}]"   where a path reads a {name}; and see {plan}'
    yield f"declare a seam: {_relative(app_file, found.root)} shows how, and name it in {plan}"
    if looked.tests is None:
        yield "pytest --changeover=shadow      once there is a test that calls the seam"
    else:
        yield "pytest --changeover=shadow      what the new code would have done in your tests"
    yield "changeover docs declarations    how to declare a source of cases, which compare and gates need"
    yield "changeover doctor               what is in effect, and what is not covered"

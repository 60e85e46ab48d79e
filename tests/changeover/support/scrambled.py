"""The toolkit with every sentence of its own made unreadable: what works by reading one shows itself."""

import ast
import re
import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from random import Random
from string import ascii_lowercase, ascii_uppercase
from types import CodeType, ModuleType

PACKAGE = "changeover"
LEFT_ALONE = {
    "changeover.compare.change_pattern": "its words are part of the names of clusters that are kept",
    "changeover.evidence.store.schema": "defines columns",
    "changeover.quick_dataclass": "writes a function",
    "changeover.removal.blockers": "writes a program",
    "changeover.views.html.page": "loads templates",
}
COMMANDS = frozenset({"changeover legacy prove"})
"""What the toolkit itself runs, as a default of phases.toml."""
_SENTENCE = re.compile(r"[^\W\d_][.,;:!?)'\"]* +[('\"]*[^\W\d_]")
_SQL = re.compile(
    r"^X? ?AND |[<=>] \?|\bIS (NOT )?NULL\b"
    r"|\b(SELECT|INSERT|UPDATE|DELETE|CREATE|DROP|ALTER|PRAGMA|BEGIN|ATTACH|FROM|WHERE|ORDER BY)\b"
)
_COLUMNS = re.compile(r"[\w.]+(, [\w.]+)+")
_FIELD = re.compile(r"%\(\w+\)s|%[-.\d]*[sdrgf]|\{[^{}]*\}|.", re.DOTALL)
_CALLS_LEFT_ALONE = frozenset({"compile", "match", "search", "fullmatch", "sub", "split", "execute"})


def is_sentence(text: str) -> bool:
    """Whether it has two words beside each other, and is no command, no SQL and no list of columns."""
    is_code = _SQL.search(text) or _COLUMNS.fullmatch(text) or text in COMMANDS
    return not is_code and _SENTENCE.search(text) is not None


def scrambled(text: str, random: Random) -> str:
    """Other letters of the same case at the same places; fields of templates stay."""
    return "".join(_other(found, random) for found in _FIELD.findall(text))


def _other(found: str, random: Random) -> str:
    for letters in (ascii_lowercase, ascii_uppercase):
        if found in letters:
            return random.choice(letters.replace(found, ""))
    return found


class Scrambler(ast.NodeTransformer):
    """Every place gets letters of its own, so that two places with the same sentence differ from then on.

    A part of an f-string counts as a word. Docstrings, members of enums, keys, regular expressions, SQL and
    formats of values stay as they are.
    """

    def __init__(self, module: str) -> None:
        self.random = Random(module)  # noqa: S311  the same letters every time
        self.count = 0

    def visit_Constant(self, node: ast.Constant) -> ast.Constant:
        text = node.value
        return self._other(node, text) if isinstance(text, str) and is_sentence(text) else node

    def visit_JoinedStr(self, node: ast.JoinedStr) -> ast.JoinedStr:
        whole = "".join(str(part.value) if isinstance(part, ast.Constant) else "X" for part in node.values)
        for number, part in enumerate(node.values):
            if isinstance(part, ast.FormattedValue):
                part.value = self.visit(part.value)  # and not its format
            elif isinstance(part, ast.Constant) and is_sentence(whole):
                node.values[number] = self._other(part, str(part.value))
        return node

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        names = {base.id for base in node.bases if isinstance(base, ast.Name)}
        return node if names & {"Enum", "StrEnum"} else self._without_docstring(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        return self._without_docstring(node)

    def visit_Module(self, node: ast.Module) -> ast.AST:
        return self._without_docstring(node)

    def visit_Dict(self, node: ast.Dict) -> ast.Dict:
        node.values = [self.visit(value) for value in node.values]
        return node

    def visit_Subscript(self, node: ast.Subscript) -> ast.Subscript:
        node.value = self.visit(node.value)
        return node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        name = node.func.attr if isinstance(node.func, ast.Attribute) else ""
        return node if name in _CALLS_LEFT_ALONE else self.generic_visit(node)

    def _other(self, node: ast.Constant, text: str) -> ast.Constant:
        self.count += 1
        return ast.copy_location(ast.Constant(scrambled(text, self.random)), node)

    def _without_docstring(self, node: ast.Module | ast.ClassDef | ast.FunctionDef) -> ast.AST:
        first = node.body[0] if node.body else None
        kept = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
        begin = [first] if kept else []
        node.body = [*begin, *(self.visit(one) for one in node.body[len(begin) :])]  # type: ignore[list-item]
        if isinstance(node, ast.FunctionDef):
            node.args = self.visit(node.args)
            node.decorator_list = [self.visit(one) for one in node.decorator_list]
        return node


class Loader(SourceFileLoader):
    """Compiles a module after its sentences were scrambled; nothing is cached."""

    sentences = 0

    def get_code(self, fullname: str) -> CodeType:
        path = self.get_filename(fullname)
        tree = ast.parse(self.get_data(path), path)
        if fullname not in LEFT_ALONE:
            scrambler = Scrambler(fullname)
            scrambler.visit(tree)
            Loader.sentences += scrambler.count
        return compile(ast.fix_missing_locations(tree), path, "exec", dont_inherit=True)


class Finder(MetaPathFinder):
    """Finds the modules of the toolkit before anybody else does."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname.partition(".")[0] != PACKAGE:
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is not None and isinstance(spec.loader, SourceFileLoader):
            spec.loader = Loader(fullname, spec.loader.path)
        return spec


def scramble_from_now_on() -> None:
    """Let every module of the toolkit that is imported from now on be scrambled."""
    assert PACKAGE not in sys.modules, "the toolkit is imported already"
    sys.meta_path.insert(0, Finder())

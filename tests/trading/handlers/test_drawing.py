from pathlib import Path

import pytest

from trading.handlers.drawing import main, workflow_page

PAGE = Path(__file__).parents[3] / "docs" / "workflow.md"


def test_the_page_draws_what_the_code_goes_by() -> None:
    assert PAGE.read_text(encoding="utf-8") == workflow_page(), (
        "run: python -m trading.handlers.drawing --write docs/workflow.md"
    )


def test_the_page_is_printed_or_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main([])
    assert capsys.readouterr().out == workflow_page()
    main(["--write", str(tmp_path / "w.md")])
    assert (tmp_path / "w.md").read_text(encoding="utf-8") == workflow_page()

"""A verdict for programs."""

from __future__ import annotations

from typing import Any

from changeover.gate.verdict import GateVerdict


def gate_json(verdict: GateVerdict) -> dict[str, Any]:
    """Everything that the screen says; `exit_code` is what the command would exit with."""
    return {
        "phase": verdict.phase,
        "number": verdict.number,
        "from": str(verdict.old),
        "to": str(verdict.new),
        "source": verdict.source,
        "answer": str(verdict.answer),
        "code": verdict.code,
        "rules": verdict.rules,
        "evidence": verdict.evidence,
        "criteria": [
            {
                "name": one.name,
                "answer": str(one.answer),
                "required": one.required,
                "found": one.found,
                "detail": one.detail,
                "do": one.do,
            }
            for one in verdict.criteria
        ],
        "not_counted": list(verdict.not_counted),
        "not_shown": list(verdict.not_shown),
        "do_first": verdict.do_first,
        "exit_code": verdict.exit_code,
    }

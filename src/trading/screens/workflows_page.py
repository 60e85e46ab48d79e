"""Workflows as one self-contained HTML page."""

from collections.abc import Sequence

from trading.screens.page import render_page
from trading.tracking import LABEL, TrackedWorkflow


def workflows_page(workflows: Sequence[TrackedWorkflow]) -> str:
    """Each workflow with its tree of events, the handlers' fates and where the time went; latest first."""
    return render_page("workflows.html.j2", workflows=list(reversed(workflows)), label=LABEL)

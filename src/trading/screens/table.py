"""Plain tables: two spaces between columns, no boxes."""

from collections.abc import Sequence


def table(align: str, *rows: Sequence[str]) -> list[str]:
    """Lines of aligned columns, one letter of `align` each: `l` for names, `r` for numbers."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(align))]
    return [
        "  ".join(
            cell.ljust(width) if side == "l" else cell.rjust(width)
            for side, cell, width in zip(align, row, widths, strict=True)
        ).rstrip()
        for row in rows
    ]

"""`explain CLUSTER` shows the difference that it was asked about, and of long texts where they part."""

import json
from pathlib import Path

from changeover.evidence.store.rows_of_runs import keep_divergence
from changeover.values.divergence import Divergence, Kind
from tests.changeover.support.projects import shop_in

LONG = "\n".join(f"  line {number}: article {number * 7}" for number in range(40))


def test_of_two_long_texts_the_part_is_kept_in_which_they_differ() -> None:
    other = LONG.replace("article 140", "article 141")
    kept = keep_divergence(Divergence("result", Kind.VALUE, LONG, other))
    assert "article 140" in kept.legacy
    assert "article 141" in kept.candidate


def test_what_was_asked_about_is_on_the_screen_however_much_else_differs(tmp_path: Path) -> None:
    shop = shop_in(tmp_path)
    app = shop.root / "shop.py"
    many = "{f'field_{one:02}': one for one in range(30)}"
    app.write_text(
        app.read_text().replace(
            '    return {"item": item, "ordered": max(missing, 0), "cost": cost}', f"    return {many}", 1
        )
    )
    compared = shop.run("compare", "--runs", "1", "--format", "json", planted="whole")
    (unsafe,) = [
        one["id"]
        for one in json.loads(compared.out)["comparisons"][0]["clusters"]
        if one["place"] == "effects.depot.order[*].quantity"
    ]
    told = shop.run("explain", unsafe).out
    assert "quantity" in told
    assert "42" in told
    assert "60" in told

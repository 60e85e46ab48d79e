"""A program through which every hostile text goes: as input, mapping key, effect, error, tag and name."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from changeover import Case, Migration, SourceOptions
from tests.changeover.support.hostile_texts import STRINGS

TEXTS = [STRINGS[37 * number % len(STRINGS)] for number in range(len(STRINGS))]
"""All of them, so that the first ones are already of all kinds."""
FOLDER = Path(__file__).parent / "migration"


class Post:
    """The world: texts that are looked up and sent."""

    def look_up(self, text: str) -> str:
        return text

    def send(self, to: str, text: str) -> str:
        return to


post = Post()
migration = Migration.load(FOLDER) if FOLDER.exists() else Migration()
migration.port("post", post, reads={"look_up"}, effects={"send": lambda to, text: to})


def legacy(text: str, number: int) -> dict[str, object]:
    post.look_up(text)
    if number % 4 == 0:
        raise ValueError(text)
    post.send(text, f"old {text}")
    return {"text": text, "by": {text: number}, "list": [text, {text: text}]}


def candidate(text: str, number: int) -> dict[str, object]:
    post.look_up(f"{text}!" if number % 7 == 0 else text)
    if number % 4 == 0:
        raise LookupError(f"{text}!")
    if number % 4 == 1:
        post.send(text, f"new {text}")
    else:
        post.send(f"{text}?", text)
    return {"text": f"{text}!", "by": {text: -1, f"{text}?": 0}, "list": [text]}


say = migration.seam(
    "desk.say",
    legacy=legacy,
    candidate=candidate,
    key=lambda text, number: text,
    tags=lambda text, number: (text,),
)


@migration.source("texts", population="generated", unit="texts")
def texts(options: SourceOptions) -> Iterator[Case]:
    for number, text in enumerate(TEXTS):
        yield Case(f"{number:03} {text}", partial(say, text, number), tags=(text,))

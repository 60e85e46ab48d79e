"""Criteria over reviews of this code: blind spots, doctor, check commands, a rehearsed rollback."""

from __future__ import annotations

from collections.abc import Iterator

from changeover.evidence.store.records import EXPLORED, Review
from changeover.gate.accepted_blind_spots import KIND, JudgedSpot, reviewed_spots
from changeover.gate.inputs import GateInputs
from changeover.rollout.gate_criteria import ExploreCriteria
from changeover.rollout.history import HistoryEntry
from changeover.values.gate_verdict import Answer, Criterion
from changeover.values.stage import Stage, Step, parse_setting, step

NAMED_MAX = 5


def blind_spots(inputs: GateInputs, word: str) -> Iterator[Criterion]:
    """`listed`: every blind spot is accepted by name; `none`: there is none; `any`: not asked.

    A blind spot that hides an effect always fails.
    """
    name = "alterations noticed"
    required = {"listed": "all, or listed", "none": "all", "any": "of effects"}[word]
    do = "changeover rules blindspots"
    if inputs.problems.blind_spots is not None:
        yield Criterion(name, Answer.FAIL, required, "not readable", None, inputs.problems.blind_spots)
        return
    review = _review(inputs, KIND, inputs.phase.name)
    if review is None:
        if word != "any":
            detail = "no search for blind spots on this code and these rules"
            yield Criterion(name, Answer.INCONCLUSIVE, required, "not looked for", do, detail)
        return
    spots = reviewed_spots(review, inputs.accepted)
    tried = int(review.body.get("tried", 0))
    of_effects = [one for one in spots if one.spot.is_effect]
    unlisted = [one for one in spots if one.accepted is None]
    if of_effects:
        answer, detail = Answer.FAIL, f"hides an effect: {_named(of_effects)}"
    elif word == "none" and spots:
        answer, detail = Answer.FAIL, _named(spots)
    elif word == "listed" and unlisted:
        answer, detail = Answer.FAIL, f"not accepted by name: {_named(unlisted)}"
    elif word == "any":
        answer, detail = Answer.PASS, f"{len(spots):,} that are not asked about" if spots else ""
    elif not tried or review.answer != Answer.PASS:
        found = review.found if tried else "nothing altered"
        yield Criterion(
            name,
            Answer.INCONCLUSIVE,
            required,
            found,
            do,
            "a seam was not looked at: --runs N looks at more cases",
        )
        return
    else:
        answer, detail = Answer.PASS, f"{len(spots):,} listed, no effect" if spots else ""
    hidden = sum(one.times for one in spots)
    found = f"{max(0, tried - hidden):,} of {tried:,}"
    yield Criterion(name, answer, required, found, do, detail)


def _named(spots: list[JudgedSpot]) -> str:
    return "; ".join(f"{one.spot.seam} {one.spot.place}" for one in spots[:NAMED_MAX])


def explored(inputs: GateInputs, criteria: ExploreCriteria | None) -> Iterator[Criterion]:
    """Other orders of events were tried of each seam that is asked, and so many of them may differ.

    Of a seam that is not asked nothing is required; what differs there is told all the same.
    """
    asked = () if criteria is None else criteria.seams or inputs.phase.seams
    for seam in inputs.phase.seams:
        if criteria is not None and seam in asked:
            yield _explored(inputs, criteria, seam)
        elif (review := _review(inputs, EXPLORED, seam)) and int(review.body.get("divergences", 0)):
            yield _explored(inputs, NOTHING_REQUIRED, seam)


NOTHING_REQUIRED = ExploreCriteria(schedules=0)


def _explored(inputs: GateInputs, criteria: ExploreCriteria, seam: str) -> Criterion:
    name, required = f"explore: {seam}", f"{criteria.divergences_max:,} differ"
    do = f"changeover explore {seam}"
    if criteria.schedules:
        required, do = f"{criteria.schedules:,}, {required}", f"{do} --schedules {criteria.schedules}"
    review = _review(inputs, EXPLORED, seam)
    if review is None:
        detail = "no exploration on this code and these rules"
        return Criterion(name, Answer.INCONCLUSIVE, required, "not explored", do, detail)
    tried, differ, unclear = (
        int(review.body.get(key, 0)) for key in ("schedules", "divergences", "not_compared")
    )
    found = f"{differ:,} of {tried:,} differ"
    if differ > criteria.divergences_max:
        failing = [str(one["cluster"])[:6] for one in review.body.get("failing", ())]
        detail = f"first {failing[0]}" if failing else ""
        return Criterion(name, Answer.FAIL, required, found, do, detail)
    if unclear or _answer_of(review) is Answer.INCONCLUSIVE:
        detail = "no bus asked for the order of its deliveries"
        if unclear:
            detail = f"{unclear:,} not compared; with --world copy ports may answer what no tape has"
        return Criterion(name, Answer.INCONCLUSIVE, required, found, do, detail)
    is_all = bool(review.body.get("exhaustive"))
    if tried < criteria.schedules and not is_all:
        return Criterion(name, Answer.INCONCLUSIVE, required, found, do, "fewer schedules than are required")
    return Criterion(name, Answer.PASS, required, found, do, "all that there are" if is_all else "")


def _review(inputs: GateInputs, kind: str, name: str) -> Review | None:
    return next((one for one in inputs.reviews if (one.kind, one.name) == (kind, name)), None)


def _answer_of(review: Review) -> Answer:
    """The answer of a stored review; a word that is none of the three is inconclusive."""
    return Answer(review.answer) if review.answer in list(Answer) else Answer.INCONCLUSIVE


def doctor(inputs: GateInputs) -> Criterion:
    """The wiring is sound; asked before anything is compared in production."""
    found = inputs.doctor or _review(inputs, "doctor", "")
    do = "changeover doctor"
    if found is None:
        return Criterion("doctor", Answer.INCONCLUSIVE, "clean", "not asked on this code", do)
    answer = _answer_of(found)
    return Criterion("doctor", answer, "clean", found.found, do)


def rollback_rehearsed(inputs: GateInputs) -> Criterion:
    """The phase was moved back on this code, so that going back is known to work."""
    name = "rollback rehearsed on this code"
    back = next((one for one in reversed(inputs.history) if _went_back(inputs, one)), None)
    if back is None:
        do = f'changeover rollback {inputs.phase.name} --reason "rehearsal"'
        return Criterion(name, Answer.INCONCLUSIVE, "yes", "no", do)
    return Criterion(name, Answer.PASS, "yes", f"{back.at:%Y-%m-%d}")


def _went_back(inputs: GateInputs, entry: HistoryEntry) -> bool:
    if entry.phase != inputs.phase.name or entry.action not in ("rollback", "flip"):
        return False
    if entry.old is None or entry.new is None or not _is_back(inputs, entry.old, entry.new):
        return False
    return inputs.code is not None and _code_at(inputs, entry) == inputs.code


def _is_back(inputs: GateInputs, old: str, new: str) -> bool:
    try:
        stages = inputs.phase.stages
        return step(parse_setting(old, stages), parse_setting(new, stages)) is Step.BACK
    except ValueError:
        return False


def _code_at(inputs: GateInputs, entry: HistoryEntry) -> str | None:
    """The code of an entry; a step back may lack it, and then has that of the entries around it."""
    if entry.code is not None:
        return entry.code
    at = inputs.history.index(entry)
    before = next((one.code for one in reversed(inputs.history[:at]) if one.code is not None), None)
    after = next((one.code for one in inputs.history[at:] if one.code is not None), inputs.code)
    return before if before == after else None


def checks(inputs: GateInputs) -> Iterator[Criterion]:
    """One criterion for each check command; a phase without seams has no other evidence."""
    commands = inputs.gate.check
    for command in commands:
        result = inputs.checks.get(command)
        if result is None:
            gate = f"changeover gate {inputs.phase.name}"
            yield Criterion(f"check: {command}", Answer.INCONCLUSIVE, "exit 0", "was not run", gate)
            continue
        answer = _answer_of(result)
        tail = result.body.get("tail", ())
        detail = str(tail[-1]).strip() if tail and answer is not Answer.PASS else ""
        yield Criterion(f"check: {command}", answer, "exit 0", result.found, command, detail)
    if not commands and inputs.new.stage is Stage.DONE:
        do = f'check = ["COMMAND"] in [phase.gate.done] of phase "{inputs.phase.name}", phases.toml'
        detail = "nothing was checked: phases.toml declares no check command"
        yield Criterion("checks", Answer.INCONCLUSIVE, "one or more", "none", do, detail)

"""An OpenFeature provider holds phases back, leads none further than its gate, and lets no caller wait."""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openfeature import api
from openfeature.flag_evaluation import FlagResolutionDetails
from openfeature.provider.in_memory_provider import InMemoryFlag, InMemoryProvider

from changeover import Migration
from changeover.errors import DeclarationError, MissingPackageError
from changeover.rollout.flags_file import flags_content
from changeover.rollout.resolver import Resolver
from changeover.rollout.stage_provider import SLOW_S, StageProvider
from changeover.values.stage import SEAM_STAGES, Setting, Stage, earlier, in_bucket, parse_setting

PLAN = '[migration]\nname = "t"\n[[phase]]\nname = "trading"\nseams = ["s"]\n[[phase]]\nname = "cleanup"\n'
SECRET = "hunter2-correct-horse"
set_provider: Callable[..., None] = getattr(api, "set_provider_and_wait", api.set_provider)
"""Earlier versions always wait."""


def until(is_so: Callable[[], bool], seconds: float = 30) -> None:
    """How long it takes decides nothing."""
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.01)


class Provider(InMemoryProvider):
    """Says of the phase whatever a test wants, and notes which threads asked."""

    def __init__(self, said: Any = None, percent: float | None = None) -> None:
        super().__init__({})
        self.say(said, percent)
        self.asked = 0
        self.threads: set[int] = set()
        self.raises: BaseException | None = None
        self.goes_on = threading.Event()
        self.goes_on.set()

    def say(self, said: Any, percent: float | None = None) -> None:
        metadata: Any = {} if percent is None else {"ramp_percent": percent}
        flag: InMemoryFlag[Any] = InMemoryFlag("v", {"v": said}, flag_metadata=metadata)
        self._flags = {} if said is None else {"trading": flag}

    def resolve_string_details(self, *args: Any, **kwargs: Any) -> FlagResolutionDetails[str]:
        self.threads.add(threading.get_ident())
        self.goes_on.wait()
        self.asked += 1
        if self.raises is not None:
            raise self.raises
        return super().resolve_string_details(*args, **kwargs)

    def heard(self) -> None:
        """Until it was asked twice from now on: the first question may be older than what it says now."""
        asked = self.asked
        until(lambda: self.asked >= asked + 2)


def legacy(number: int = 0) -> str:
    return "legacy"


def candidate(number: int = 0) -> str:
    return "candidate"


class Desk:
    """A program whose flags are in a folder."""

    def __init__(self, folder: Path, provider: Any, *, flags: str | None = "live") -> None:
        self.folder, self.environment = folder, dict[str, str]()
        (folder / "phases.toml").write_text(PLAN)
        if flags is not None:
            self.flip(flags)
        domain = f"desk-{id(self)}"
        set_provider(provider, domain)
        self.migration = Migration.load(
            folder, environment=self.environment, refresh_s=0, keep=False, openfeature=domain
        )
        self.call = self.migration.seam("s", legacy=legacy, candidate=candidate, key=str)

    def flip(self, stage: str, revision: int = 1) -> None:
        content = flags_content({"trading": parse_setting(stage)}, revision=revision)
        (self.folder / "flags.json").write_text(json.dumps(content))

    @property
    def stage(self) -> str:
        return str(self.migration.stages().settings["trading"])

    @property
    def problems(self) -> tuple[str, ...]:
        """Those of a look at this moment."""
        self.migration.stages()
        return self.migration.problems

    def becomes(self, stage: str) -> None:
        until(lambda: self.stage == stage)


@pytest.fixture(autouse=True)
def _no_provider_left() -> Iterator[None]:
    yield
    api.clear_providers()


@pytest.mark.parametrize(
    ("said", "flags", "holds"),
    [
        ("off", "live", "off"),
        ("shadow", "live", "shadow"),
        ("ramp:10", "live", "ramp:10"),
        ("ramp:10", "ramp:50", "ramp:10"),
        ("ramp:50", "ramp:10", "ramp:10"),
        ("live", "shadow", "shadow"),
        ("complete", "live", "live"),
        ("complete", "off", "off"),
        ("LIVE", "live", "live"),
    ],
)
def test_the_lesser_of_provider_and_flags_holds(tmp_path: Path, said: str, flags: str, holds: str) -> None:
    desk = Desk(tmp_path, provider := Provider(said), flags=flags)
    desk.stage  # noqa: B018  the first look lets the thread begin
    provider.heard()
    assert desk.stage == holds


SETTINGS = st.one_of(
    st.sampled_from([Setting(stage) for stage in SEAM_STAGES if stage is not Stage.RAMP]),
    st.floats(0.01, 99.99).map(lambda percent: Setting(Stage.RAMP, percent)),
)


@given(said=SETTINGS, flags=SETTINGS)
def test_no_provider_leads_a_phase_past_its_gate(
    tmp_path_factory: pytest.TempPathFactory, said: Setting, flags: Setting
) -> None:
    folder = tmp_path_factory.mktemp("flags")
    (folder / "flags.json").write_text(json.dumps(flags_content({"trading": flags}, revision=1)))
    provider = StageProvider(_Saying(said), 3_600)
    stages = {"trading": SEAM_STAGES}
    provider.settings(stages)
    provider.ask()
    assert provider.problems == ()
    resolver = Resolver(lambda: stages, directory=folder, closed=True, environment={}, provided=provider)
    found = resolver.current().settings["trading"]
    assert earlier(found, flags) == found
    assert found in (said, flags)


class _Saying:
    """A client that says one setting, as a flag of flagd does."""

    def __init__(self, said: Setting) -> None:
        self._said = said

    def get_string_details(self, *_: Any) -> Any:
        metadata = {"ramp_percent": self._said.percent} if self._said.stage is Stage.RAMP else {}
        return FlagResolutionDetails(str(self._said.stage), flag_metadata=metadata)


def test_until_the_provider_has_answered_legacy_answers(tmp_path: Path) -> None:
    provider = Provider("live")
    provider.goes_on.clear()
    desk = Desk(tmp_path, provider)
    assert [desk.call() for _ in range(3)] == ["legacy"] * 3
    provider.goes_on.set()
    desk.becomes("live")
    assert desk.call() == "candidate"


@pytest.mark.parametrize(
    "wrong", ["down", "raises", "exits", "nonsense", "percent", "number", "unknown", "empty", "ramp alone"]
)
def test_whatever_is_wrong_with_a_provider_its_last_good_stage_holds(tmp_path: Path, wrong: str) -> None:
    provider = Provider("live")
    desk = Desk(tmp_path, provider)
    desk.becomes("live")
    said = {"nonsense": "shaddow", "percent": "ramp:1000", "number": 3, "unknown": None, "empty": ""}
    if wrong == "raises":
        provider.raises = OSError(SECRET)
    elif wrong == "exits":
        provider.raises = SystemExit(1)
    elif wrong == "down":
        api.clear_providers()
    elif wrong == "ramp alone":
        provider.say("ramp")
    else:
        provider.say(said[wrong])
    until(lambda: bool(desk.problems))
    assert desk.stage == "live"
    assert desk.call() == "candidate"
    problem = desk.problems[0]
    assert problem.startswith("OpenFeature: flag 'trading': ")
    assert problem.endswith("; live holds")
    assert SECRET not in problem
    if wrong != "down":
        provider.raises = None
        provider.say("shadow")
        desk.becomes("shadow")
        until(lambda: desk.problems == ())


@pytest.mark.parametrize("said", [None, "shaddow", 7])
def test_a_provider_that_never_made_sense_lets_legacy_answer(tmp_path: Path, said: Any) -> None:
    desk = Desk(tmp_path, provider := Provider(said))
    desk.call()
    provider.heard()
    assert desk.stage == "off"
    assert desk.call() == "legacy"
    assert "off holds" in desk.problems[0]


def test_the_stage_that_is_meant_is_named_where_it_is_misspelled(tmp_path: Path) -> None:
    desk = Desk(tmp_path, provider := Provider("shaddow"))
    desk.call()
    provider.heard()
    assert "stage was 'shaddow', did you mean \"shadow\"?" in desk.problems[0]


def test_a_slow_provider_lets_no_caller_wait(tmp_path: Path) -> None:
    provider = Provider("live")
    desk = Desk(tmp_path, provider)
    desk.becomes("live")
    provider.goes_on.clear()
    provider.say("off")
    asked = provider.asked
    assert [desk.call() for _ in range(50)] == ["candidate"] * 50
    assert provider.asked <= asked + 1
    assert threading.get_ident() not in provider.threads
    provider.goes_on.set()
    desk.becomes("off")


def test_that_a_provider_is_slow_is_a_problem() -> None:
    asks, goes_on, now = threading.Event(), threading.Event(), [0.0]

    class Slow:
        def get_string_details(self, *_: Any) -> Any:
            asks.set()
            goes_on.wait(60)
            return FlagResolutionDetails("live")

    provider = StageProvider(Slow(), 3_600, lambda: now[0])
    assert provider.settings({"trading": SEAM_STAGES}) == {"trading": Setting(Stage.OFF)}
    assert asks.wait(60)
    assert provider.problems == ()
    now[0] = SLOW_S + 1
    assert list(provider.problems) == [
        "OpenFeature: the provider takes more than 5 s; what it said before holds"
    ]
    goes_on.set()
    until(lambda: provider.problems == ())
    assert provider.settings({"trading": SEAM_STAGES}) == {"trading": Setting(Stage.LIVE)}


def test_the_kill_switch_and_the_environment_come_before_the_provider(tmp_path: Path) -> None:
    desk = Desk(tmp_path, Provider("shadow"), flags="shadow")
    desk.becomes("shadow")
    desk.environment["CHANGEOVER_STAGE_TRADING"] = "live"
    assert desk.stage == "live"
    (tmp_path / "KILL").touch()
    assert desk.stage == "off"


def test_a_flip_back_holds_though_the_provider_says_more(tmp_path: Path) -> None:
    desk = Desk(tmp_path, Provider("live"))
    desk.becomes("live")
    desk.flip("shadow", 2)
    assert desk.stage == "shadow"


def test_without_flags_every_phase_is_off(tmp_path: Path) -> None:
    desk = Desk(tmp_path, provider := Provider("live"), flags=None)
    desk.call()
    provider.heard()
    assert desk.stage == "off"


def test_who_is_in_a_ramp_is_decided_by_our_buckets(tmp_path: Path) -> None:
    provider = Provider("ramp", 30.0)
    desk = Desk(tmp_path, provider)
    desk.becomes("ramp:30")
    expected = [in_bucket("trading", str(number), 30.0) for number in range(50)]
    assert len(set(expected)) == 2
    assert [desk.call(number) == "candidate" for number in range(50)] == expected


def test_a_phase_of_checks_is_not_asked_for(tmp_path: Path) -> None:
    desk = Desk(tmp_path, Provider("shadow"))
    desk.becomes("shadow")
    assert str(desk.migration.stages().settings["cleanup"]) == "open"
    assert desk.migration.problems == ()


def in_a_process_of_its_own(program: str, folder: Path) -> str:
    """What the program prints. Beside gRPC, which flagd loads, no other test could fork."""
    command = [sys.executable, "-c", program, str(folder)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


A_COPY_IS_SERVED = """
import json, sys, time
from pathlib import Path
from openfeature import api
from openfeature.contrib.provider.flagd import FlagdProvider
from openfeature.contrib.provider.flagd.config import ResolverType
from changeover import Migration
from changeover.rollout.flags_file import flags_content
from changeover.values.stage import parse_setting
folder = Path(sys.argv[1])
served = folder / "served.json"

def serve(stage):
    beside = served.with_suffix(".new")
    beside.write_text(json.dumps(flags_content({"trading": parse_setting(stage)}, revision=1)))
    beside.replace(served)

def becomes(stage):
    end = time.monotonic() + 60
    while str(migration.stages().settings["trading"]) != stage:
        assert time.monotonic() < end, stage
        time.sleep(0.01)

serve("ramp:20")
api.set_provider(FlagdProvider(
    resolver_type=ResolverType.FILE, offline_flag_source_path=str(served), deadline_ms=50
))
migration = Migration.load(folder, environment={}, refresh_s=0, keep=False, openfeature=True)
becomes("ramp:20")
for stage in ("shadow", "live", "off"):
    serve(stage)
    becomes(stage)
served.write_text("{")
time.sleep(0.5)
print(migration.stages().settings["trading"])
"""


def test_flagd_may_serve_a_copy_of_the_flags(tmp_path: Path) -> None:
    """Its evaluator in the process, on a file that is written as flags.json is."""
    live = flags_content({"trading": Setting(Stage.LIVE)}, revision=1)
    (tmp_path / "phases.toml").write_text(PLAN)
    (tmp_path / "flags.json").write_text(json.dumps(live))
    assert in_a_process_of_its_own(A_COPY_IS_SERVED, tmp_path) == "off\n"


NOBODY_SERVES = """
import sys, time
from pathlib import Path
from openfeature import api
from openfeature.contrib.provider.flagd import FlagdProvider
from openfeature.contrib.provider.flagd.config import ResolverType
from changeover import Migration
api.set_provider(
    FlagdProvider(host="127.0.0.1", port=1, deadline_ms=50, resolver_type=ResolverType.IN_PROCESS)
)
migration = Migration.load(Path(sys.argv[1]), environment={}, refresh_s=0, keep=False, openfeature=True)
seam = migration.seam("s", legacy=lambda: "legacy", candidate=lambda: "candidate")
end = time.monotonic() + 60
while not (seam() and migration.stages() and migration.problems):
    assert time.monotonic() < end
    time.sleep(0.01)
print(seam(), migration.problems[0])
"""


def test_a_flagd_that_is_not_there_lets_legacy_answer(tmp_path: Path) -> None:
    (tmp_path / "phases.toml").write_text(PLAN)
    (tmp_path / "flags.json").write_text(
        json.dumps(flags_content({"trading": Setting(Stage.LIVE)}, revision=1))
    )
    said = in_a_process_of_its_own(NOBODY_SERVES, tmp_path)
    assert said.startswith("legacy ")
    assert "no answer (" in said


FORKING = """
import os, sys, time, json
from pathlib import Path
from openfeature import api
from openfeature.provider.in_memory_provider import InMemoryFlag, InMemoryProvider
from changeover import Migration
provider = InMemoryProvider({"s": InMemoryFlag("v", {"v": "shadow"})})
api.set_provider(provider)
migration = Migration.load(Path(sys.argv[1]), environment={}, refresh_s=0, keep=False, openfeature=True)
seam = migration.seam("s", legacy=lambda: "legacy", candidate=lambda: "candidate")
def becomes(stage):
    end = time.monotonic() + 60
    while str(migration.stages().settings["s"]) != stage:
        assert time.monotonic() < end
        time.sleep(0.01)
becomes("shadow")
if not os.fork():
    provider._flags["s"] = InMemoryFlag("v", {"v": "live"})
    becomes("live")
    os._exit(0)
sys.exit(os.wait()[1] != 0)
"""


def test_a_forked_process_asks_by_itself(tmp_path: Path) -> None:
    (tmp_path / "phases.toml").write_text(PLAN.replace('name = "trading"', 'name = "s"'))
    (tmp_path / "flags.json").write_text(json.dumps(flags_content({"s": Setting(Stage.LIVE)}, revision=1)))
    done = subprocess.run([sys.executable, "-c", FORKING, str(tmp_path)], check=False, env={**os.environ})
    assert done.returncode == 0


@pytest.mark.parametrize("wrong", ["", 3, object(), ["domain"]])
def test_what_is_no_client_is_refused_in_a_sentence(wrong: object) -> None:
    with pytest.raises(DeclarationError, match="allowed: True, a domain, or a client of OpenFeature"):
        Migration(openfeature=wrong)


def test_a_client_of_the_program_may_be_given(tmp_path: Path) -> None:
    set_provider(Provider("live"), "own")
    migration = Migration(openfeature=api.get_client("own"))
    assert migration.stages().settings == {}


def test_without_the_package_the_sentence_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "openfeature", None)
    with pytest.raises(MissingPackageError, match=r"changeover\[openfeature\]"):
        Migration(openfeature=True)


def test_a_program_that_asks_for_no_provider_imports_nothing_of_it() -> None:
    code = "import sys, changeover; changeover.Migration(); sys.exit('openfeature' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

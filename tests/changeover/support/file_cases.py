"""Good and bad files of every kind that people write, or that the toolkit writes and reads again."""

import json
from dataclasses import dataclass
from typing import Any

from changeover.rollout.flags_file import flags_content
from changeover.values.stage import CHECK_STAGES, SEAM_STAGES, Setting, Stage, ramp

PLAN = """
[migration]
name = "desk"
legacy = ["desk.old"]
code = ["desk"]
redact = ["arguments.secret"]
scenario_tags = ["no-trade"]

[migration.removal]
delete = ["src/desk/old"]
patch = "docs/removal.patch"
check = ["true"]

[[phase]]
name = "events"
number = 1
title = "Events"

[[phase]]
name = "portfolio"
number = 2
requires = ["events"]
seams = ["portfolio.data", "portfolio.analysis"]
supplement = ["broker.positions"]
fallback = true
sample = 0.5
trip_after = 3

[phase.gate.shadow]
[phase.gate.live]
corpus = { sources = ["history"], divergences_max = 0, not_compared_max = 0, tags = ["no-trade"] }
own_time_p95_ratio_max = 1.5
blind_spots = "listed"
[phase.gate.live.production]
rate_max = 0.01
confidence = 0.95
not_compared_max = 0.001
unpaired_max = 0
span_days = 20
seams_not_asked = { "portfolio.analysis" = "nobody calls it" }
[phase.gate.complete]
production = { rate_max = 0.01, answered_by = "candidate" }
check = ["changeover legacy prove"]
"""
ALERTS = """
[alerts]
kinds = ["tripped", "new-cluster"]
no_runs_hours = 6
expires_days = 7
deadline_s = 2.5

[alerts.webhook]
url = "https://hooks.example/a?b=c"
headers = { X-Team = "till" }
header_variables = { Authorization = "HOOK_TOKEN" }
secret_variable = "HOOK_SECRET"

[alerts.slack]
url_variable = "SLACK_URL"

[alerts.email]
host = "mail.example"
port = 25
from = "changeover@till.example"
to = ["anna@till.example", "kim@till.example"]
starttls = true
login_variable = "SMTP_LOGIN"
"""
RULE = '[[rule]]\npath = "result.a"\nreason = "r"\n'
WAIVER = '[[waiver]]\ncluster = "09ad52"\nowner = "kim"\nreason = "rounds twice"\nuntil = 2026-01-31\n'
SPOT = "[[blindspot]]\nseam = 's'\nplace = 'result.at'\nreason = 'a clock'\n"
STAGES = {"trading": SEAM_STAGES, "cleanup": CHECK_STAGES}
FLAGS = flags_content({"trading": Setting(Stage.LIVE), "cleanup": Setting(Stage.OPEN)}, revision=3)
LINE = {"revision": 3, "action": "flip", "at": "2026-11-20T20:45:03Z", "who": "kim", "reason": "why"}
TRIP = {"phase": "trading", "revision": 3, "at": "2026-11-20T20:45:03+00:00", "reason": "an order differed"}


@dataclass(frozen=True)
class FileCase:
    """`key` is the last part of the place that is wrong, None where the file is good."""

    kind: str
    name: str
    text: str
    key: str | None = None


def _plan(name: str, old: str, new: str, key: str | None = None) -> FileCase:
    assert PLAN.count(old) >= 1, old
    return FileCase("phases", name, PLAN.replace(old, new, 1), key)


def _alerts(name: str, old: str, new: str, key: str | None = None) -> FileCase:
    assert ALERTS.count(old) == 1, old
    text = '[migration]\nname = "m"\n' + ALERTS.replace(old, new)
    return FileCase("phases", f"alerts: {name}", text, key)


def _rule(name: str, more: str, key: str | None = None) -> FileCase:
    return FileCase("rules", name, RULE + more, key)


def _path(path: str, key: str | None = None) -> FileCase:
    return FileCase("rules", f"path {path}", f"[[rule]]\npath = '{path}'\nreason = 'r'\nabs = '1'\n", key)


def _waiver(name: str, old: str, new: str, key: str | None = None) -> FileCase:
    assert old in WAIVER
    return FileCase("waivers", name, WAIVER.replace(old, new), key)


def _spot(name: str, old: str, new: str, key: str | None = None) -> FileCase:
    assert old in SPOT
    return FileCase("blindspots", name, SPOT.replace(old, new), key)


def _flag(name: str, key: str | None = None, **changes: Any) -> FileCase:
    content = json.loads(json.dumps(FLAGS))
    content["flags"]["trading"].update(changes)
    return FileCase("flags", name, json.dumps(content), key)


def _flags(name: str, key: str | None, **changes: Any) -> FileCase:
    return FileCase("flags", name, json.dumps({**FLAGS, **changes}), key)


def _line(name: str, key: str | None = None, **changes: Any) -> FileCase:
    return FileCase("history-line", name, json.dumps({**LINE, **changes}), key)


def _trip(name: str, key: str | None = None, **changes: Any) -> FileCase:
    return FileCase("trips", name, json.dumps({"schema_version": 1, "trips": [{**TRIP, **changes}]}), key)


CASES = [
    FileCase("phases", "everything", PLAN),
    FileCase("phases", "a name alone", '[migration]\nname = "m"\n'),
    _plan(
        "not asked, for a reason",
        "own_time_p95_ratio_max = 1.5",
        'own_time_p95_ratio_max = { not_asked = "r" }',
    ),
    _plan(
        "production not asked",
        "production = { rate",
        'production = { not_asked = "yearly" }\nx = { rate',
        "x",
    ),
    _plan("no check, for a reason", 'check = ["changeover legacy prove"]', 'check = { not_asked = "r" }'),
    _plan(
        "no rehearsal, for a reason",
        "[phase.gate.complete]",
        '[phase.gate.complete]\nrollback_rehearsed = { not_asked = "r" }',
    ),
    _plan(
        "a gate of checks",
        '[[phase]]\nname = "portfolio"',
        '[phase.gate.done]\ncheck = ["true"]\n[[phase]]\nname = "portfolio"',
    ),
    _plan("two phases of one name", 'name = "portfolio"', 'name = "events"', "name"),
    _plan("an unknown phase required", 'requires = ["events"]', 'requires = ["evnets"]', "requires"),
    _plan("a phase that requires itself", 'requires = ["events"]', 'requires = ["portfolio"]', "requires"),
    _plan("text for true", "fallback = true", 'fallback = "yes"', "fallback"),
    _plan("number for true", "fallback = true", "fallback = 1", "fallback"),
    _plan("misspelt key", "fallback = true", "fallbak = true", "fallbak"),
    _plan("number zero", "number = 2", "number = 0", "number"),
    _plan("number with a point", "number = 2", "number = 2.0", "number"),
    _plan("true for a number", "number = 2", "number = true", "number"),
    _plan("same number twice", "number = 2", "number = 1", "number"),
    _plan("same seam twice", '"portfolio.analysis"]', '"portfolio.data"]', "seams"),
    _plan(
        "seams as text",
        'seams = ["portfolio.data", "portfolio.analysis"]',
        'seams = "portfolio.data"',
        "seams",
    ),
    _plan("seam of another phase", 'title = "Events"', 'seams = ["portfolio.data"]', "seams"),
    _plan("blank seam", '"portfolio.data", ', '" ", ', "seams"),
    _plan("sample above one", "sample = 0.5", "sample = 1.5", "sample"),
    _plan("sample one", "sample = 0.5", "sample = 1"),
    _plan("sample zero", "sample = 0.5", "sample = 0"),
    _plan("sample nan", "sample = 0.5", "sample = nan", "sample"),
    _plan("negative trips", "trip_after = 3", "trip_after = -1", "trip_after"),
    _plan("rate above one", "rate_max = 0.01", "rate_max = 2", "rate_max"),
    _plan("rate zero", "rate_max = 0.01", "rate_max = 0", "rate_max"),
    _plan("rate as text", "rate_max = 0.01", 'rate_max = "0.01"', "rate_max"),
    _plan("confidence one", "confidence = 0.95", "confidence = 1.0", "confidence"),
    _plan("negative divergences", "divergences_max = 0", "divergences_max = -1", "divergences_max"),
    _plan("source twice", 'sources = ["history"]', 'sources = ["history", "history"]', "sources"),
    _plan("no check in silence", 'check = ["changeover legacy prove"]', "check = []", "check"),
    _plan(
        "no rehearsal in silence",
        "[phase.gate.complete]",
        "[phase.gate.complete]\nrollback_rehearsed = false",
        "rollback_rehearsed",
    ),
    _plan("negative days", "span_days = 20", "span_days = -1", "span_days"),
    _plan(
        "reason is no text",
        "[phase.gate.shadow]",
        "[phase.gate.shadow]\ncorpus = { not_asked = 3 }",
        "not_asked",
    ),
    _plan(
        "reason beside criteria",
        "[phase.gate.shadow]",
        '[phase.gate.shadow]\ncorpus = { not_asked = "r", tags = [] }',
        "tags",
    ),
    _plan(
        "no time for checks",
        "[phase.gate.shadow]",
        "[phase.gate.shadow]\ncheck_timeout_s = 0",
        "check_timeout_s",
    ),
    _plan("unknown blind spots", 'blind_spots = "listed"', 'blind_spots = "all"', "blind_spots"),
    _plan("unknown path", 'answered_by = "candidate"', 'answered_by = "new"', "answered_by"),
    _plan(
        "ratio zero", "own_time_p95_ratio_max = 1.5", "own_time_p95_ratio_max = 0", "own_time_p95_ratio_max"
    ),
    _plan("gate before off", "[phase.gate.live]", "[phase.gate.off]", "off"),
    _plan("gate of a checks' stage", "[phase.gate.shadow]", "[phase.gate.done]", "done"),
    _plan("gate of a seams' stage", 'title = "Events"', "gate = { live = {} }", "live"),
    _plan("supplement without method", '["broker.positions"]', '["broker"]', "supplement"),
    _plan(
        "a seam that is not asked and not there",
        '"portfolio.analysis" = "n',
        '"portfolio.gone" = "n',
        "seams_not_asked",
    ),
    _plan(
        "no seam is asked",
        '{ "portfolio.analysis" = "n',
        '{ "portfolio.data" = "r", "portfolio.analysis" = "n',
        "seams_not_asked",
    ),
    _plan("no name", 'name = "desk"\n', "", "name"),
    _plan("no migration", PLAN, '[other]\nname = "m"\n', "migration"),
    _plan("migration as text", PLAN, 'migration = "m"\n', "migration"),
    _plan("one phase as a table", PLAN, '[migration]\nname = "m"\n[phase]\nname = "a"\n', "phase"),
    _plan("unknown table", PLAN, '[migration]\nname = "m"\n[phases]\n', "phases"),
    _plan("redacted events", '"arguments.secret"', '"events.orders.Placed.address"'),
    _plan("redact that matches nothing", "arguments.secret", "argument.secret", "redact"),
    _plan("redact that cannot be read", "arguments.secret", "arguments..secret", "redact"),
    _plan("delete outside", '["src/desk/old"]', '["../other"]', "delete"),
    _plan("delete everything", '["src/desk/old"]', '["."]', "delete"),
    _plan("delete from the root", '["src/desk/old"]', '["/etc"]', "delete"),
    _plan("delete with a dot", '["src/desk/old"]', '["./src/desk/..old"]'),
    _plan("patch upwards", '"docs/removal.patch"', '"docs/../../x"', "patch"),
    _plan("unknown key of removal", 'check = ["true"]', 'checks = ["true"]', "checks"),
    _plan("nothing to remove", 'legacy = ["desk.old"]', "legacy = []", "legacy"),
    _alerts("everything", "port = 25\n", ""),
    _alerts("an unknown kind", '"new-cluster"', '"new-clusters"', "kinds"),
    _alerts("a kind twice", '"new-cluster"', '"tripped"', "kinds"),
    _alerts("no hours", "no_runs_hours = 6", "no_runs_hours = 0", "no_runs_hours"),
    _alerts("half a day", "expires_days = 7", "expires_days = 0.5", "expires_days"),
    _alerts("a long deadline", "deadline_s = 2.5", "deadline_s = 61", "deadline_s"),
    _alerts("no address", 'url = "https://hooks.example/a?b=c"\n', "", "url"),
    _alerts("no address of the web", "https://hooks.example/a?b=c", "ftp://hooks.example", "url"),
    _alerts("an address that is none", "https://hooks.example/a?b=c", "http://[::1/x", "url"),
    _alerts("an address with a blank", "https://hooks.example/a?b=c", "http://hooks.example/a b", "url"),
    _alerts(
        "two addresses", 'url_variable = "SLACK_URL"', 'url = "http://x"\nurl_variable = "S"', "url_variable"
    ),
    _alerts("a header that is sent anyway", "X-Team", "Content-Type", "Content-Type"),
    _alerts("a header that is none", "X-Team", '"X Team"', "X Team"),
    _alerts("a header with a line end", '"till" }', '"till\\nX: y" }', "X-Team"),
    _alerts("a header that is a number", '"till" }', "3 }", "X-Team"),
    _alerts("headers as a list", '{ X-Team = "till" }', "[]", "headers"),
    _alerts("an unknown key", "secret_variable", "secret", "secret"),
    _alerts(
        "Slack with headers", 'url_variable = "SLACK_URL"', 'url_variable = "S"\nheaders = {}', "headers"
    ),
    _alerts("no server", 'host = "mail.example"\n', "", "host"),
    _alerts("no port", "port = 25", "port = 65536", "port"),
    _alerts("port zero", "port = 25", "port = 0", "port"),
    _alerts("nobody to write to", '["anna@till.example", "kim@till.example"]', "[]", "to"),
    _alerts("no sender", 'from = "changeover@till.example"\n', "", "from"),
    _alerts("a password in the open", "starttls = true", "starttls = false", "login_variable"),
    _plan("alerts as a list", PLAN, '[migration]\nname = "m"\n[[alerts]]\nx = 1\n', "alerts"),
    FileCase("rules", "no rule", "# none yet\n"),
    _rule("tolerance", 'abs = "0.01"\nrel = "1e-9"\n'),
    _rule("with everything about a list", 'match_by = ["a", "b"]\nseam = "desk.*"\nuntil = 2026-01-15\n'),
    _rule("any order", 'order = "any"\n'),
    _rule("bijection", 'same_as = "bijection"\n'),
    _rule("ignored", 'ignore = true\nmust_be = "aware-datetime"\n'),
    _rule("not ignored", "ignore = false\n"),
    FileCase("rules", "defaults", '[defaults]\ntypes = "loose"\n'),
    FileCase("rules", "unknown table", "[rules]\nx = 1\n", "rules"),
    FileCase("rules", "unknown default", '[defaults]\ntype = "strict"\n', "type"),
    FileCase("rules", "wrong default", '[defaults]\ntypes = "exact"\n', "types"),
    FileCase("rules", "defaults no table", "defaults = 3\n", "defaults"),
    FileCase("rules", "rule no list", '[rule]\npath = "result"\n', "rule"),
    FileCase("rules", "no path", '[[rule]]\nreason = "r"\nabs = "1"\n', "path"),
    FileCase("rules", "no reason", '[[rule]]\npath = "result"\nabs = "1"\n', "reason"),
    FileCase("rules", "blank reason", '[[rule]]\npath = "result"\nreason = " "\nabs = "1"\n', "reason"),
    _rule("says nothing", "", "rule"),
    _rule("unknown key", 'absolute = "1"\n', "absolute"),
    _rule("number for abs", "abs = 0.01\n", "abs"),
    _rule("negative abs", 'abs = "-1"\n', "abs"),
    _rule("nan", 'rel = "NaN"\n', "rel"),
    _rule("infinite", 'abs = "Infinity"\n', "abs"),
    _rule("joined by nothing", "match_by = []\n", "match_by"),
    _rule("joined by text", 'match_by = "id"\n', "match_by"),
    _rule("joined twice", 'match_by = ["a", "a"]\n', "match_by"),
    _rule("wrong order", 'order = "none"\n', "order"),
    _rule("wrong same_as", "same_as = true\n", "same_as"),
    _rule("ignore as text", 'ignore = "yes"\n', "ignore"),
    _rule("wrong must_be", 'ignore = true\nmust_be = "timestamp"\n', "must_be"),
    _rule("must_be alone", 'must_be = "str"\n', "must_be"),
    _rule("until as text", 'abs = "1"\nuntil = "2027-01-01"\n', "until"),
    _rule("until with a time", 'abs = "1"\nuntil = 2027-01-01T10:00:00\n', "until"),
    _rule("empty seam", 'seam = ""\nabs = "1"\n', "seam"),
    _rule("seam with a blank", 'seam = "a b"\nabs = "1"\n', "seam"),
    _rule("ignores and tolerates", 'ignore = true\nabs = "1"\n', "abs"),
    _rule("two kinds of list", 'match_by = ["a"]\norder = "any"\n', "order"),
    _rule("renamed and tolerated", 'same_as = "bijection"\nabs = "1"\n', "same_as"),
    *(
        _path(path)
        for path in (
            *(
                "result",
                "result.**",
                "**.{plan_id,client_order_id}",
                "{result,error}.text",
                "*.a",
                "result[3]",
            ),
            *(
                "result.[3]",
                'result."odd.name"',
                'result."a\\"b"',
                "result.rows[SPY,*].price",
                "result.rows[*][0]",
            ),
            *("effects.broker.submit[SPY,SELL].quantity", '"result".a', "result.straße"),
        )
    ),
    *(
        _path(path, "path")
        for path in (
            *(
                "result..a",
                "results.a",
                "result.",
                "[3].a",
                "result[",
                "result[]",
                "result.{a,}",
                "result.***",
            ),
            *(
                'result."a',
                "result a",
                "{result,other}.a",
                "result.a]",
                "",
                "resulta*",
                "result." + 1_000 * "a",
            ),
        )
    ),
    FileCase("waivers", "none", "# nothing yet\n"),
    FileCase("waivers", "one", WAIVER),
    FileCase("waivers", "two", WAIVER + WAIVER.replace("09ad52", "19ad52ff")),
    _waiver("short cluster", '"09ad52"', '"09ad"', "cluster"),
    _waiver("capital letters", '"09ad52"', '"09AD5Z"', "cluster"),
    _waiver("cluster as a number", '"09ad52"', "123456", "cluster"),
    _waiver("no owner", 'owner = "kim"\n', "", "owner"),
    _waiver("blank owner", '"kim"', '" "', "owner"),
    _waiver("no reason", 'reason = "rounds twice"\n', "", "reason"),
    _waiver("no until", "until = 2026-01-31\n", "", "until"),
    _waiver("until as text", "2026-01-31", '"2026-01-31"', "until"),
    _waiver("until with a time", "2026-01-31", "2026-01-31T10:00:00Z", "until"),
    _waiver("unknown key", 'owner = "kim"\n', 'owner = "kim"\neffect = "any"\n', "effect"),
    FileCase("waivers", "same cluster twice", WAIVER + WAIVER.replace("09ad52", "09ad52ff"), "cluster"),
    FileCase("waivers", "no list", "[waiver]\n", "waiver"),
    FileCase("waivers", "unknown table", "[[waivers]]\n", "waivers"),
    FileCase("blindspots", "none", "# nothing is accepted\n"),
    FileCase("blindspots", "one", SPOT),
    _spot("any of both roots", "result.at", "{result,error}.**"),
    _spot("any seam", "'s'", "'trading.*'"),
    _spot("place of an effect", "result.at", "effects.mail.send[*].text", "place"),
    _spot("any place", "result.at", "**", "place"),
    _spot("any name", "result.at", "*", "place"),
    _spot("any such name", "result.at", "**.text", "place"),
    _spot("perhaps an effect", "result.at", "{result,effects}.text", "place"),
    _spot("a path that cannot be read", "result.at", "result..at", "place"),
    _spot("unknown root", "result.at", "elsewhere.at", "place"),
    _spot("no reason", "reason = 'a clock'\n", "", "reason"),
    _spot("blank reason", "'a clock'", "' '", "reason"),
    _spot("seam with a blank", "'s'", "'no seam'", "seam"),
    FileCase("blindspots", "unknown key", SPOT + "until = 2030-01-01\n", "until"),
    FileCase("blindspots", "same place twice", SPOT + SPOT, "place"),
    FileCase("blindspots", "no list", "[blindspot]\nseam = 's'\n", "blindspot"),
    FileCase("blindspots", "unknown table", "[[blind]]\n", "blind"),
    FileCase("flags", "two phases", json.dumps(FLAGS)),
    FileCase("flags", "a ramp", json.dumps(flags_content({"trading": ramp(12.5)}, revision=1))),
    FileCase("flags", "no flag yet", json.dumps(flags_content({}, revision=1))),
    FileCase("flags", "no table", "[]", ""),
    _flags("no metadata", "metadata", metadata=None),
    _flags("revision as text", "revision", metadata={"revision": "3", "digest": "x"}),
    _flags("revision zero", "revision", metadata={"revision": 0, "digest": "x"}),
    _flags("no digest", "digest", metadata={"revision": 1}),
    _flags("unknown key of metadata", "who", metadata={"revision": 1, "digest": "x", "who": "kim"}),
    _flags("flags as a list", "flags", flags=[]),
    _flags("unknown table", "evaluators", evaluators={}),
    _flags("schema is no text", "$schema", **{"$schema": 1}),
    _flag("unknown stage", "defaultVariant", defaultVariant="shaddow"),
    _flag("stage of checks", "defaultVariant", defaultVariant="done"),
    _flag("unknown variant", "variants", variants={"on": "on"}),
    _flag("variant too few", "variants", variants={"off": "off"}),
    _flag("disabled", "state", state="DISABLED"),
    _flag("targeting", "targeting", targeting={"if": [True]}),
    _flag("unknown key", "stage", stage="live"),
    _flag("ramp without percentage", "ramp_percent", defaultVariant="ramp"),
    _flag("ramp of hundred", "ramp_percent", defaultVariant="ramp", metadata={"ramp_percent": 100}),
    _flag("ramp of nothing", "ramp_percent", defaultVariant="ramp", metadata={"ramp_percent": 0}),
    _flag("ramp of true", "ramp_percent", defaultVariant="ramp", metadata={"ramp_percent": True}),
    _flag("unknown key of the ramp", "percent", metadata={"percent": 5}),
    FileCase("project", "an app", 'app = "shop:migration"\ndirectory = "moves"\n'),
    FileCase("project", "nothing", ""),
    FileCase("project", "blank app", 'app = " "\n', "app"),
    FileCase("project", "app as a list", 'app = ["shop"]\n', "app"),
    FileCase("project", "unknown key", 'folder = "moves"\n', "folder"),
    _trip("one trip"),
    _trip("no moment", "at", at="yesterday"),
    _trip("negative revision", "revision", revision=-1),
    _trip("unknown key", "who", who="kim"),
    FileCase("trips", "another version", '{"schema_version": 2}', "schema_version"),
    FileCase("trips", "trips as a table", '{"schema_version": 1, "trips": {}}', "trips"),
    _line("a step", phase="trading", to="ramp:10", gate="pass", **{"from": "shadow"}),
    _line("a key of tomorrow", tomorrow=1),
    _line("unknown action", "action", action="flop"),
    _line("unknown stage", "to", to="shaddow"),
    _line("a ramp of hundred", "from", **{"from": "ramp:100"}),
    _line("no zone", "at", at="2026-11-20T20:45:03"),
    _line("no moment", "at", at="soon"),
    _line("blank name", "who", who=" "),
    _line("negative revision", "revision", revision=-1),
]
"""Whatever is wrong here can be seen in the file itself, without another file and without today's date."""

"""The comparison: two observations, the rules that say what counts as the same, and what was found.

A pure core. Nothing here performs a call, knows a port or reads a clock; only the rules and the row files
are read from disk, each in one file.
"""

from changeover.compare.blindspots import BlindSpot, BlindSpots, blind_spots
from changeover.compare.cluster import Cluster, Example, Fingerprint, RunFound, fingerprint_of
from changeover.compare.clusters import Clusters, reached_by
from changeover.compare.comparison import Comparison, compare
from changeover.compare.diff_files import FilesDiff, diff_files
from changeover.compare.effects import EffectTally
from changeover.compare.explainer import Explanation, explain
from changeover.compare.findings import Accepted
from changeover.compare.invariants import Invariant, broken_invariants
from changeover.compare.limits import LimitReached, NotComparable
from changeover.compare.plain import plain
from changeover.compare.provenance import Provenance, Sighting
from changeover.compare.row_files import RowsError
from changeover.compare.rule import Rule
from changeover.compare.rules import STRICT, Rules
from changeover.compare.rules_check import RuleProblem, rules_that_reach, unused_rules
from changeover.compare.rules_file import RulesError, check_rules_file, load_rules
from changeover.compare.same import same
from changeover.compare.verdict import Verdict, verdict_of

__all__ = [
    "STRICT",
    "Accepted",
    "BlindSpot",
    "BlindSpots",
    "Cluster",
    "Clusters",
    "Comparison",
    "EffectTally",
    "Example",
    "Explanation",
    "FilesDiff",
    "Fingerprint",
    "Invariant",
    "LimitReached",
    "NotComparable",
    "Provenance",
    "RowsError",
    "Rule",
    "RuleProblem",
    "Rules",
    "RulesError",
    "RunFound",
    "Sighting",
    "Verdict",
    "blind_spots",
    "broken_invariants",
    "check_rules_file",
    "compare",
    "diff_files",
    "explain",
    "fingerprint_of",
    "load_rules",
    "plain",
    "reached_by",
    "rules_that_reach",
    "same",
    "unused_rules",
    "verdict_of",
]

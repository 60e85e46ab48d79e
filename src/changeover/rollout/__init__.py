"""Plan and flags, and everything that moves a phase: flip, rollback, kill switch, tripwire."""

"""Plan, flags, and everything that moves a phase: flips, rollback, kill switch, tripwire."""

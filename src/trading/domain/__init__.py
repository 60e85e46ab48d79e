"""Values of the trading system: pure, frozen, money as `Decimal`; no I/O, clock, random or logging here."""

"""Events of the trading system: their schemas, the bus that carries them and the journal that keeps them."""

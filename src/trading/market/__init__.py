"""Prices: the `MarketData` port and the bundled history behind it."""

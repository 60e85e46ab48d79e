"""Stores of both kinds, for the tests of this folder."""

from tests.changeover.support.stores import address, database, place

__all__ = ["address", "database", "place"]

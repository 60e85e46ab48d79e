"""A database, for the tests of this folder."""

from tests.changeover.support.stores import database

__all__ = ["database"]

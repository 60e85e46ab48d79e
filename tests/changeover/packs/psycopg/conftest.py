"""Tables for each test."""

from tests.changeover.support.psycopg_shop import shop

__all__ = ["shop"]

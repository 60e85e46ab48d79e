"""Tables for each test."""

from tests.changeover.support.asyncpg_shop import shop

__all__ = ["shop"]

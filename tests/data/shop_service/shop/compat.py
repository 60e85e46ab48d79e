"""The migration of the shop: its ports and seams."""

from pathlib import Path

from shop.db import engine

from changeover import Migration

migration = Migration.load(Path(__file__).parents[1] / "migration")
migration.use("sqlalchemy", engine)


def load() -> Migration:
    """What commands use: the migration, once every module that declares a seam is imported."""
    import shop.orders  # noqa: F401

    return migration

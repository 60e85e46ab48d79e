"""States of a connection to PostgreSQL, as libpq numbers them."""

IDLE, IN_TRANSACTION, IN_ERROR = 0, 2, 3

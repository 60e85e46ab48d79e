"""A service as one is written: FastAPI, SQLAlchemy on the loop, httpx to a bank."""

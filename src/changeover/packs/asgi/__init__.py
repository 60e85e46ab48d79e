"""The packs `asgi` and `fastapi`: what a server gives to an endpoint, and what an endpoint leaves behind."""

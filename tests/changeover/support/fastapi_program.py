"""A small FastAPI program with one endpoint that is a seam."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import httpx
from fastapi import FastAPI
from starlette.middleware.sessions import SessionMiddleware

from changeover import Migration, Run

STAGE = {"CHANGEOVER_STAGE_S": "shadow"}
SENT = {"name": "ink", "amount": 3}


class Program:
    """An app with one endpoint that is a seam of two paths, and the runs of it."""

    def __init__(self, **options: Any) -> None:
        self.runs: list[Run] = []
        self.migration = Migration(environment=STAGE, sink=self.runs.append, **options)
        self.app = FastAPI()
        self.app.add_middleware(SessionMiddleware, secret_key="key")
        self.migration.use("fastapi", self.app)

    def endpoint(self, legacy: Any, candidate: Any, **options: Any) -> Any:
        """Let both paths answer POST /."""
        seam = self.migration.seam("s", **options)(legacy)
        seam.candidate(candidate)
        return self.app.post("/")(seam)

    def ask(self, body: Any = SENT, **sent: Any) -> httpx.Response:
        """The answer to one request."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return asked(self.app, content, **sent)

    @property
    def run(self) -> Run:
        """The last run."""
        return self.runs[-1]

    @property
    def why(self) -> Any:
        """What to say where it is no match."""
        return self.run.reason or self.run.divergences


def asked(app: Any, content: Any, **sent: Any) -> httpx.Response:
    """The answer of an app to one POST."""

    async def ran() -> httpx.Response:
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://shop") as client:
            return await client.post(
                "/", content=content, headers={"x-user": "ada", "content-type": "application/json"}, **sent
            )

    return asyncio.run(ran())

"""Uploaded files and streamed answers of endpoints that are seams."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest
from fastapi import (
    Request,
    UploadFile,
)
from starlette.responses import StreamingResponse

from changeover.packs import kept_upload
from tests.changeover.support.fastapi_program import Program


def sent_files(program: Program, files: list[tuple[str, tuple[str, bytes]]]) -> httpx.Response:
    async def ran() -> httpx.Response:
        transport = httpx.ASGITransport(program.app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://shop") as client:
            return await client.post("/", files=files)

    return asyncio.run(ran())


def test_both_paths_read_an_uploaded_file() -> None:
    program = Program()

    async def place(file: UploadFile) -> dict[str, Any]:
        content = await file.read()
        await file.close()
        return {"name": file.filename, "bytes": len(content), "size": file.size, "kind": file.content_type}

    async def placed(file: UploadFile) -> dict[str, Any]:
        first, rest = await file.read(2), file.file.read()
        found = len(first + rest)
        return {"name": file.filename, "bytes": found, "size": file.size, "kind": file.content_type}

    program.endpoint(place, placed)
    answer = sent_files(program, [("file", ("a.txt", b"hello"))])
    assert answer.json() == {"name": "a.txt", "bytes": 5, "size": 5, "kind": "text/plain"}
    assert program.run.verdict == "match", program.why


def test_what_is_made_of_an_uploaded_file_differs() -> None:
    program = Program()

    async def place(files: list[UploadFile]) -> list[int]:
        return [len(await file.read()) for file in files]

    async def placed(files: list[UploadFile]) -> list[int]:
        return [len(await file.read(3)) for file in files]

    program.endpoint(place, placed)
    files = [("files", ("a.txt", b"ab")), ("files", ("b.txt", b"abcdef"))]
    assert sent_files(program, files).json() == [2, 6]
    assert [(one.place, one.candidate) for one in program.run.divergences] == [("result[1]", 3)], program.why


def test_an_upload_that_is_too_large_to_keep_goes_through_and_is_not_compared(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(kept_upload, "UPLOAD_MAX", 4)
    program = Program()

    async def place(file: UploadFile) -> int:
        return len(await file.read())

    program.endpoint(place, place)
    assert sent_files(program, [("file", ("a.txt", b"hello"))]).json() == 5
    assert program.run.verdict == "failed"
    assert "an uploaded file of more than 4 bytes" in str(program.run.reason)


def test_an_answer_that_is_a_stream_reaches_the_client_whole_and_is_not_compared() -> None:
    program = Program()
    made: list[str] = []

    async def place(request: Request) -> StreamingResponse:
        async def pieces() -> Any:
            for number in range(3):
                made.append(f"{number}")
                yield f"{number}\n"

        return StreamingResponse(pieces())

    program.endpoint(place, place)
    assert program.ask().text == "0\n1\n2\n"
    assert made == ["0", "1", "2"]
    assert program.run.verdict == "failed"
    assert "cannot be" in str(program.run.reason)

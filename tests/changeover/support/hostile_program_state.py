"""What the hostile service opened when it was imported: a connection, and memory that processes share."""

from __future__ import annotations

import ctypes
import mmap
import os
import socket
from pathlib import Path

CONNECTION: socket.socket | None = None
if "HOSTILE_PORT" in os.environ:
    CONNECTION = socket.create_connection(("127.0.0.1", int(os.environ["HOSTILE_PORT"])))
SHARED = mmap.mmap(-1, 16)
if "HOSTILE_SHARED" in os.environ:
    with Path(os.environ["HOSTILE_SHARED"]).open("r+b") as _file:
        SHARED = mmap.mmap(_file.fileno(), 16)
BUFFER = ctypes.create_string_buffer(b"calm", 16)
"""Memory of the program, whose address its calls hand to the paths."""

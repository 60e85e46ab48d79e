"""Classes whose instances stand for something outside of the values, by name so that none is imported."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

from changeover.values.own_state import dict_of, module_of, mro, namespace
from changeover.values.shapes import Handle, Reading, Shape


def _names(text: str) -> list[str]:
    return text.split()


_LIVE = _names(
    """
    builtins.generator builtins.coroutine builtins.async_generator builtins.async_generator_asend
    builtins.frame builtins.traceback builtins.list_iterator builtins.tuple_iterator
    builtins.dict_keyiterator builtins.dict_valueiterator builtins.dict_itemiterator
    builtins.set_iterator builtins.range_iterator builtins.str_iterator builtins.str_ascii_iterator
    builtins.bytes_iterator builtins.list_reverseiterator builtins.enumerate builtins.zip builtins.map
    builtins.filter builtins.reversed builtins.iterator builtins.callable_iterator
    builtins.longrange_iterator _io._IOBase io.IOBase _socket.socket socket.socket ssl.SSLContext
    _ssl._SSLSocket threading.Thread _thread._local _thread._localdummy _asyncio.Future _asyncio.Task
    asyncio.futures.Future concurrent.futures._base.Future concurrent.futures._base.Executor
    subprocess.Popen multiprocessing.process.BaseProcess multiprocessing.connection._ConnectionBase
    selectors.BaseSelector mmap.mmap _contextvars.Context builtins.Context logging.Handler
    logging.handlers.SocketHandler tempfile._TemporaryFileWrapper sqlite3.Connection sqlite3.Cursor
    sqlite3.Blob http.client.HTTPConnection http.client.HTTPResponse urllib.request.OpenerDirector
    smtplib.SMTP ftplib.FTP imaplib.IMAP4 xmlrpc.client.ServerProxy socketserver.BaseServer
    socketserver.BaseRequestHandler wsgiref.handlers.BaseHandler asyncio.transports.BaseTransport
    asyncio.streams.StreamReader asyncio.streams.StreamWriter asyncio.protocols.BaseProtocol
    os.ScandirIterator posix.ScandirIterator requests.sessions.Session httpx.Client httpx.AsyncClient
    aiohttp.client.ClientSession urllib3.poolmanager.PoolManager urllib3.connectionpool.ConnectionPool
    starlette.requests.HTTPConnection werkzeug.sansio.request.Request django.http.request.HttpRequest
    sqlalchemy.orm.session.Session sqlalchemy.ext.asyncio.session.AsyncSession
    sqlalchemy.engine.base.Engine sqlalchemy.engine.base.Connection
    sqlalchemy.ext.asyncio.engine.AsyncEngine sqlalchemy.ext.asyncio.engine.AsyncConnection
    sqlalchemy.pool.base.Pool sqlalchemy.orm.scoping.scoped_session sqlalchemy.orm.session.sessionmaker
    psycopg.Connection psycopg.AsyncConnection psycopg2.extensions.connection psycopg2.extensions.cursor
    pymysql.connections.Connection redis.client.Redis redis.asyncio.client.Redis
    pymongo.mongo_client.MongoClient botocore.client.BaseClient celery.app.base.Celery
    kombu.connection.Connection grpc.Channel confluent_kafka.Producer paho.mqtt.client.Client
    aiosqlite.core.Connection asyncpg.connection.Connection asyncpg.pool.Pool
    asyncpg.pool.PoolConnectionProxy asyncpg.connresource.ConnectionResource
    """
)

_INERT = _names(
    """
    builtins.module builtins.function builtins.method_descriptor builtins.wrapper_descriptor
    builtins.method-wrapper builtins.classmethod_descriptor builtins.getset_descriptor
    builtins.member_descriptor builtins.ContextVar _contextvars.ContextVar builtins.property
    builtins.staticmethod builtins.classmethod builtins.code functools._lru_cache_wrapper logging.Logger
    logging.LoggerAdapter logging.Manager logging.PlaceHolder structlog._config.BoundLoggerLazyProxy
    asyncio.events.AbstractEventLoop asyncio.events.BaseDefaultEventLoopPolicy uvloop.Loop
    """
)

_LOCKS = _names(
    """
    _thread.lock _thread.RLock threading._RLock
    """
)

_HANDLES: dict[str, Handle] = {
    **dict.fromkeys(_LIVE, Handle.LIVE),
    **dict.fromkeys(_INERT, Handle.INERT),
    **dict.fromkeys(_LOCKS, Handle.LOCK),
}
_VALUES = frozenset({"_io.BytesIO", "_io.StringIO"})
"""In-memory files are values although their base class is a handle."""


_qualname = type.__dict__["__qualname__"].__get__


def handle_of(cls: type) -> Handle | None:
    """What kind of handle instances of the class are; None where they are values."""
    for base in mro(cls):
        name = f"{module_of(base)}.{_qualname(base)}"
        if name in _VALUES:
            return None
        if name in _HANDLES:
            return _HANDLES[name]
    return None


def handle_reading(cls: type) -> Reading | None:
    """The reading of a class of handles, None for any other class."""
    kind = handle_of(cls)
    if kind is None:
        return None
    if kind is Handle.INERT:
        return Reading(Shape.SCALAR, known_as, scalar=Handle, handle=kind, is_atom=True)
    if kind is Handle.LOCK:  # what it is locked for is no part of it
        return Reading(Shape.SCALAR, lambda lock: type(lock).__name__, scalar=Handle, handle=kind)
    return Reading(Shape.UNREADABLE, known_as, handle=kind)


def known_as(value: Any) -> str | None:
    """The name by which an inert handle can be found again; None where it has none."""
    cls = type(value)
    if cls is _FUNCTION:
        return _function_name(value)
    bases = mro(cls)
    if ModuleType in bases:
        name = ModuleType.__getattribute__(value, "__name__")
        return name if type(name) is str else None
    if any(base.__name__ == "Logger" and module_of(base) == "logging" for base in bases):
        in_dict = dict_of(cls)
        name = None if in_dict is None else in_dict(value).get("name")
        return name if type(name) is str else None
    return None


_FUNCTION = type(known_as)


def _function_name(function: Any) -> str | None:
    """Module and name of a function that stands there under that name."""
    module = sys.modules.get(function.__module__) if type(function.__module__) is str else None
    if module is None:
        return None
    here: Any = module
    for name in function.__qualname__.split("."):
        if not isinstance(here, type | ModuleType):
            return None  # made while another function ran
        held = namespace(here) if isinstance(here, type) else ModuleType.__getattribute__(here, "__dict__")
        here = held.get(name)
        if here is None:
            return None
        here = here.__func__ if type(here) in (staticmethod, classmethod) else here
    return f"{function.__module__}.{function.__qualname__}" if here is function else None

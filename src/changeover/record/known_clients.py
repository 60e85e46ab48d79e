"""The libraries with which programs reach the outside, by the name under which they are imported.

Nothing is imported here: of each client is written down which pack of ports covers it, whether it talks in C
past everything that a replay can refuse, and which other clients call it for their own work.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType

from changeover.quick_dataclass import dataclass
from changeover.record.file_writing import FILE_WRITING


@dataclass(frozen=True, slots=True)
class KnownClient:
    """A library that reaches the outside.

    Attributes:
        name: As it is imported.
        pack: What `migration.use(...)` covers it with, where there is a pack of that name.
        in_c: Whether it talks by itself in C, or in a thread of its own, where no net reaches it.
        below: The clients that do their own work with it.
        is_shared: Whether others than the program import it as well: it comes with Python, or is the
            toolkit's own.
    """

    name: str
    pack: str | None = None
    in_c: bool = False
    below: tuple[str, ...] = ()
    is_shared: bool = False

    @property
    def way_out(self) -> str:
        """What to declare, so that its calls are compared."""
        if self.pack in _packs:
            engine = ", engine" if self.pack == "sqlalchemy" else ""
            return f'declare a port, or migration.use("{self.pack}"{engine})'
        if "sqlalchemy" in self.below and "sqlalchemy" in _packs:
            through = "ask through an engine of SQLAlchemy"
            return f'declare a port, or {through} and migration.use("sqlalchemy", engine)'
        return "declare a port"


_packs: set[str] = set()


def there_are_packs(names: Iterable[str]) -> None:
    """Say which packs there are, so that no other one is proposed."""
    _packs.update(names)


_OVER_HTTP = ("requests", "urllib3", "botocore", "elasticsearch", "stripe", "httpx", "httpcore")
_OVER_DRIVERS = ("sqlalchemy", "django.db")
_CLIENTS = (
    *(KnownClient(name, "http") for name in ("requests", "httpx", "aiohttp", "stripe", "elasticsearch")),
    KnownClient("urllib3", "http", below=("requests", "botocore", "elasticsearch", "stripe")),
    KnownClient("httpcore", "http", below=("httpx",)),
    KnownClient("http.client", "http", below=(*_OVER_HTTP, "urllib.request"), is_shared=True),
    KnownClient("urllib.request", "http", below=_OVER_HTTP, is_shared=True),
    KnownClient("pycurl", "http", in_c=True),
    KnownClient("websockets"),
    KnownClient("grpc", in_c=True),
    KnownClient("sqlalchemy", "sqlalchemy"),
    KnownClient("django.db", "django"),
    KnownClient("psycopg", "psycopg", below=_OVER_DRIVERS, is_shared=True),
    KnownClient("asyncpg", "asyncpg", below=_OVER_DRIVERS),
    *(KnownClient(name, below=(*_OVER_DRIVERS, "aiomysql")) for name in ("pymysql", "mysql.connector")),
    *(
        KnownClient(name, in_c=True, below=_OVER_DRIVERS)
        for name in ("psycopg2", "MySQLdb", "pyodbc", "oracledb", "cx_Oracle", "duckdb")
    ),
    KnownClient("aiomysql", below=_OVER_DRIVERS),
    KnownClient("aiosqlite", in_c=True, below=_OVER_DRIVERS),
    KnownClient("sqlite3", "sqlite3", in_c=True, below=(*_OVER_DRIVERS, "aiosqlite"), is_shared=True),
    KnownClient("pymongo"),
    KnownClient("redis", "redis", below=("celery", "kombu", "dramatiq")),
    KnownClient("botocore", "aws", below=("boto3", "aiobotocore")),
    KnownClient("boto3", "aws"),
    KnownClient("aiobotocore", "aws"),
    KnownClient("celery", "celery"),
    KnownClient("kombu", "celery", below=("celery",)),
    KnownClient("amqp", "celery", below=("celery", "kombu")),
    KnownClient("dramatiq", "dramatiq"),
    KnownClient("pika", "pika", below=("dramatiq",)),
    KnownClient("aio_pika", "pika"),
    KnownClient("kafka", "kafka", in_c=True),  # in Python, but its own thread sends what it was given
    KnownClient("confluent_kafka", "kafka", in_c=True),
    KnownClient("nats"),
    KnownClient("paho.mqtt.client"),
    KnownClient("zmq", in_c=True),
    KnownClient("uvloop", in_c=True),
    KnownClient("paramiko", in_c=True),  # likewise
    KnownClient("aiosmtplib", "smtp"),
    KnownClient("smtplib", "smtp", is_shared=True),
    *(KnownClient(name, is_shared=True) for name in ("ftplib", "imaplib", "poplib", "xmlrpc.client")),
    KnownClient("subprocess", "process", is_shared=True),
    KnownClient("socket", is_shared=True),
    KnownClient(FILE_WRITING, "files", is_shared=True),
)
KNOWN_CLIENTS: Mapping[str, KnownClient] = MappingProxyType({one.name: one for one in _CLIENTS})
"""By name."""
PLUMBING = frozenset(
    {
        *("socket", "ssl", "selectors", "asyncio", "anyio", "sniffio", "httpcore", "h11", "h2", "trio"),
        *("threading", "concurrent", "contextlib", "functools", "contextvars", "queue", "io", "os"),
    }
)
"""What clients do their work with; none of these is a client that a person would name."""
NO_CLIENT = KnownClient("")
OPENING = frozenset({"connect", "create_pool"})
"""What a program calls of a driver that it uses by itself; beside an ORM it may name its errors alone."""


def client_named(module: str) -> KnownClient | None:
    """The client to which a module belongs; None where it is none of them."""
    return next((KNOWN_CLIENTS[name] for name in _around(module) if name in KNOWN_CLIENTS), None)


def way_out_for(module: str) -> str:
    """What to declare where this module reaches the outside."""
    return (client_named(module) or NO_CLIENT).way_out


def _around(module: str) -> Iterator[str]:
    """The module, and the packages around it, the innermost first."""
    while module:
        yield module
        module = module.rpartition(".")[0]

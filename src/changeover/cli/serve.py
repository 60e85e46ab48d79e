"""`changeover serve`."""

from __future__ import annotations

import click

from changeover.cli.output import quiet, say, warn
from changeover.cli.worker import Duration
from changeover.serve import server as verbs
from changeover.serve.server import LISTEN, Serving
from changeover.settings import SERVE_TOKEN_VARIABLE


@click.command("serve")
@click.option(
    "--listen",
    default=LISTEN,
    show_default=True,
    metavar="HOST:PORT",
    help="where; this machine alone can reach it unless another host is named",
)
@click.option(
    "--allow-moves",
    is_flag=True,
    help=f"let whoever knows the token move phases: {SERVE_TOKEN_VARIABLE}, else one that is printed",
)
@click.option("--for", "seconds", type=Duration(), metavar="TIME", help="end after this time, such as 60s")
@click.option(
    "--host-name",
    multiple=True,
    metavar="NAME",
    help="a name under which browsers ask, where a proxy stands before it; repeatable",
)
def serve_command(
    listen: str, host_name: tuple[str, ...], seconds: float | None, *, allow_moves: bool
) -> None:
    """Pages that show the migration as it goes on: phases, runs, clusters, workers, rules.

    Read only unless --allow-moves is given. Works until it is stopped, by Ctrl-C or SIGTERM, and exits 0
    then. Needs changeover[serve].

    For example: changeover serve --listen 127.0.0.1:8470 --for 8h
    """
    quiet()
    verbs.serve(
        listen=listen,
        allow_moves=allow_moves,
        host_name=host_name,
        seconds=seconds,
        begun=_say_where,
        warn=warn,
    )


def _say_where(serving: Serving) -> None:
    say(f"{serving.address}   {'phases can be moved' if serving.token else 'read only'}   Ctrl-C ends it")
    if serving.is_made:
        say(f"token   {serving.token}   each form asks for it; {SERVE_TOKEN_VARIABLE} sets another")

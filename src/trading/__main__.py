"""`python -m trading`."""

from trading.cli import main

main(prog_name="python -m trading")

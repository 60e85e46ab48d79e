"""What commands print with `--format json`, one model a command."""

"""`python -m eemulator serve`."""

from __future__ import annotations

import argparse
import logging
import sys

from .algorithms import load_all
from .catalog import default_catalog
from .expression.registry import implemented
from .limits import Limits
from .server import Server


def main(arguments: list[str] | None = None) -> int:
    """Run a command; returns the exit status.

    Args:
        arguments: those of the command line by default.
    """
    parser = argparse.ArgumentParser(prog="eemulator", description="A local Earth Engine.")
    commands = parser.add_subparsers(dest="command", required=True)
    serve = commands.add_parser("serve", help="answer requests until interrupted")
    serve.add_argument("--host", default="127.0.0.1", help="address to listen on (%(default)s)")
    serve.add_argument("--port", type=int, default=8080, help="0 for any free one (%(default)s)")
    commands.add_parser("algorithms", help="list the algorithms that it has")
    chosen = parser.parse_args(arguments)
    if chosen.command == "algorithms":
        load_all()
        print("\n".join(implemented()))
        return 0
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
    try:
        server = Server(default_catalog(), Limits(), chosen.host, chosen.port)
    except OSError as error:
        print(f"Cannot listen on {chosen.host}:{chosen.port}: {error}", file=sys.stderr)
        return 1
    print(f"Earth Engine emulator at {server.url}\n\n    {server.initialize_line}\n", flush=True)
    try:
        server.serve()
    except KeyboardInterrupt:
        print("Stopped.")
    finally:
        server.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""`python -m eemulator serve` and `python -m eemulator algorithms`."""

from __future__ import annotations

import argparse
import logging
import sys
from collections import Counter

from .algorithms import load_all
from .catalog import default_catalog
from .catalog.own import CatalogError, load_catalog
from .expression.registry import implemented
from .serve_options import add_options, limits_of, pace_of, script_faults
from .server import Server
from .wheel import signatures


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
    serve.add_argument(
        "--catalog",
        metavar="PATH",
        help="your own assets: a catalog.yaml, the .json of a static STAC catalogue, or a folder "
        "of GeoTIFFs",
    )
    serve.add_argument(
        "--built-in",
        action="store_true",
        help="with --catalog, serve the emulator's own collections, too",
    )
    add_options(serve)
    listing = commands.add_parser("algorithms", help="list the algorithms that it has")
    listing.add_argument("--missing", action="store_true", help="list those that it has not")
    chosen = parser.parse_args(arguments)
    if chosen.command == "serve" and chosen.built_in and chosen.catalog is None:
        parser.error("--built-in goes with --catalog: without it they are served anyway")
    if chosen.command == "algorithms":
        _list_algorithms(missing=chosen.missing)
        return 0
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
    try:
        if chosen.catalog is None:
            catalog = default_catalog()
        else:
            catalog = load_catalog(chosen.catalog, built_in=chosen.built_in)
        server = Server(
            catalog,
            limits_of(chosen),
            chosen.host,
            chosen.port,
            pace_of(chosen),
            chosen.exports,
        )
    except CatalogError as error:
        print(error, file=sys.stderr)
        return 1
    except OSError as error:
        print(f"Cannot serve at {chosen.host}:{chosen.port}: {error}", file=sys.stderr)
        return 1
    script_faults(server.faults, chosen)
    print(f"Earth Engine emulator at {server.url}\n\n    {server.initialize_line}\n", flush=True)
    try:
        server.serve()
    except KeyboardInterrupt:
        print("Stopped.")
    finally:
        server.stop()
    return 0


def _list_algorithms(*, missing: bool) -> None:
    """Names on standard output, one a line; how many of each group on standard error."""
    load_all()
    have = implemented()
    names = sorted(signatures().keys() - have) if missing else have
    print("\n".join(names))
    of_group = Counter(name.partition(".")[0] for name in signatures())
    shown = Counter(name.partition(".")[0] for name in names)
    counts = [f"{group} {count} of {of_group[group]}" for group, count in shown.most_common()]
    verb = "lacks" if missing else "has"
    print(
        f"\nThe emulator {verb} {len(names)} of the {len(signatures())} algorithms that the "
        f"installed client knows:\n{', '.join(counts)}",
        file=sys.stderr,
    )


if __name__ == "__main__":
    sys.exit(main())

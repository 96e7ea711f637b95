"""Commands and their options."""

import argparse
import contextlib
import json
import sys
import traceback
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from compressor.config import PATH, Config, parse_levels, read_config
from compressor.failure import DONE, INTERNAL, USAGE, Failure
from compressor.stop import Stop


def _levels(text: str) -> tuple[int, ...]:
    try:
        return parse_levels(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no list of whole numbers such as 100,50,25") from None


def _range(text: str) -> tuple[int, int]:
    first, dash, last = text.partition("-")
    if not (dash and first.isdecimal() and last.isdecimal() and int(first) <= int(last)):
        raise argparse.ArgumentTypeError(f"{text!r} is no range of state groups such as 1000-2000")
    return int(first), int(last)


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 1 on")
    return int(text)


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="compressor", description="Compresses Synapse's state_groups_state.")
    top.add_argument("--config", default=PATH, metavar="FILE", help=f"configuration (default: {PATH})")
    commands = top.add_subparsers(dest="command", required=True)
    run = commands.add_parser("run", help="one run, now")
    which = run.add_mutually_exclusive_group()
    which.add_argument("--room", metavar="ID", help="this room, from its first state group on")
    which.add_argument("--groups", type=_range, metavar="FROM-TO", help="these state groups, of whatever room")
    how = run.add_mutually_exclusive_group()
    how.add_argument("--dry-run", action="store_true", help="report what would be saved, change nothing")
    how.add_argument("--sql", metavar="FILE", help="write SQL transactions (- for standard output), change nothing")
    run.add_argument("--chunk-size", type=_positive, metavar="N", help="state groups in a chunk")
    run.add_argument(
        "--chunks", type=_positive, metavar="N", help="chunks in all (default: the configuration's; no limit with --room or --groups)"
    )
    run.add_argument("--levels", type=_levels, metavar="N,N,N", help="longest chain of each level, lowest first")
    run.add_argument("--json", action="store_true", help="print the result as JSON")
    run.add_argument("--scheduled", action="store_true", help=argparse.SUPPRESS)
    commands.add_parser("schedule", help="stay up and run by the configuration's schedule")
    status = commands.add_parser("status", help="last run, next run, totals")
    status.add_argument("--json", action="store_true")
    commands.add_parser("health", help="whether `schedule` is up")
    return top


@contextlib.contextmanager
def _sink(path: str | None) -> Iterator:
    if path is None:
        yield None
    elif path == "-":
        yield sys.stdout.write
    else:
        try:
            file = Path(path).open("w", encoding="utf-8")
        except OSError as error:
            raise Failure(USAGE, f"--sql {path}: {error.strerror}") from None
        with file:
            yield file.write


def _run(config: Config, given: argparse.Namespace) -> int:
    from compressor.run import Options, Run

    stop = Stop()
    everything = given.room is None and given.groups is None
    with _sink(given.sql) as sink:
        options = Options(
            chunk_size=given.chunk_size or config.chunk_size,
            chunks=given.chunks or (config.chunks_to_compress if everything else None),
            levels=given.levels or config.levels,
            room=given.room,
            groups=given.groups,
            dry_run=given.dry_run,
            sink=sink,
            scheduled=given.scheduled,
        )
        run = Run(config, options, stop)
        code = run.execute()
    result = run.result
    # Standard output may hold the SQL.
    out = sys.stderr if given.sql == "-" else sys.stdout
    if given.json:
        print(json.dumps(asdict(result)), file=out)
        return code
    saved = result.rows_before - result.rows_after
    share = result.rows_after / result.rows_before if result.rows_before else 1
    verb = "became" if options.apply else "would become"
    print(f"{result.rows_before} rows {verb} {result.rows_after} ({share:.1%}); {saved} saved", file=out)
    print(f"{result.rooms} rooms, {result.chunks} chunks, {result.groups_changed} state groups changed", file=out)
    if result.left:
        print(f"rooms left: {', '.join(f'{n} {reason}' for reason, n in result.left.items())}", file=out)
    return code


def _status(config: Config, as_json: bool) -> int:
    from compressor.status import as_text, status

    found = status(config)
    print(json.dumps(found) if as_json else as_text(found))
    return DONE


def main(arguments: list[str]) -> int:
    given = parser().parse_args(arguments)
    try:
        config = read_config(given.config)
        if given.command == "run":
            return _run(config, given)
        if given.command == "status":
            return _status(config, given.json)
        if given.command == "health":
            from compressor.server import healthy

            return DONE if healthy(config.metrics_port) else INTERNAL
        from compressor.scheduler import Scheduler

        return Scheduler(config, given.config, Stop()).forever()
    except Failure as failure:
        print(f"compressor: {failure}", file=sys.stderr)
        return failure.code
    except Exception:
        # Frames, no values: a traceback shows the lines of this program and none of its variables.
        traceback.print_exc()
        return INTERNAL

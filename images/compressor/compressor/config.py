"""The configuration file, `/config/compressor.json`. README.md lists its fields."""

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from compressor.failure import USAGE, Failure

PATH = "/config/compressor.json"

MIB = 1024**2
#: Below this not even one group of a large room fits; two interpreters alone take 50 MiB (measured).
MIN_MEMORY = 80 * MIB


@dataclass(frozen=True)
class Database:
    host: str
    port: int
    name: str
    user: str
    password_file: str | None


@dataclass(frozen=True)
class Config:
    database: Database
    #: state groups in a chunk, which is one transaction
    chunk_size: int
    #: chunks in one scheduled run
    chunks_to_compress: int
    #: longest chain of each level, lowest first; their sum is the longest chain of all
    levels: tuple[int, ...]
    #: bytes that this program's processes may take together
    memory: int
    #: five-field cron expression, in UTC
    schedule: str | None
    metrics_host: str
    metrics_port: int
    #: share of dead rows from which on a VACUUM follows
    vacuum_threshold: float


def parse_levels(text: str) -> tuple[int, ...]:
    """`100,50,25` as numbers. Raises ValueError."""
    levels = tuple(int(part) for part in text.split(","))
    if not levels or min(levels) < 1:
        raise ValueError(text)
    return levels


class _Reader:
    """Takes values out of a JSON object and names the property when one is wrong."""

    def __init__(self, path: str, values: Any, prefix: str = "") -> None:
        self.path, self.prefix = path, prefix
        if not isinstance(values, dict):
            raise self.error("", values, "an object")
        self.values = dict(values)

    def error(self, name: str, found: Any, allowed: str) -> Failure:
        return Failure(
            USAGE, f"{self.path}: {self.prefix}{name or 'the file'} is {json.dumps(found)}; allowed: {allowed}"
        )

    def take(self, name: str, default: Any, allowed: str, valid: Any) -> Any:
        value = self.values.pop(name, default)
        if not valid(value):
            raise self.error(name, value, allowed)
        return value

    def text(self, name: str, default: str | None = None, optional: bool = False) -> Any:
        return self.take(
            name, default, "a text", lambda v: (isinstance(v, str) and v != "") or (optional and v is None)
        )

    def number(self, name: str, default: int | None, low: int, high: int = 2**53) -> Any:
        return self.take(
            name,
            default,
            f"a whole number from {low} to {high}",
            lambda v: type(v) is int and low <= v <= high,
        )

    def end(self) -> None:
        for name, value in self.values.items():
            raise self.error(name, value, "no property of this name")


def read_config(path: str = PATH) -> Config:
    """Raises Failure, code 2, that names the file, the property, what was found and what is allowed."""
    try:
        values = json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise Failure(USAGE, f"{path}: {error.strerror}; give another file by --config") from None
    except ValueError as error:
        raise Failure(USAGE, f"{path}: no JSON: {error}") from None
    top = _Reader(path, values)
    database = _Reader(path, top.values.pop("database", None), "database.")
    metrics = _Reader(path, top.values.pop("metrics", {}), "metrics.")
    config = Config(
        database=Database(
            host=database.text("host"),
            port=database.number("port", 5432, 1, 65_535),
            name=database.text("name", "synapse"),
            user=database.text("user", "synapse"),
            password_file=database.text("password_file", optional=True),
        ),
        chunk_size=top.number("chunk_size", 500, 1, 1_000_000),
        chunks_to_compress=top.number("chunks_to_compress", 100, 1),
        levels=tuple(
            top.take(
                "levels",
                [100, 50, 25],
                "a list of whole numbers from 1",
                lambda v: isinstance(v, list) and v != [] and all(type(n) is int and n > 0 for n in v),
            )
        ),
        memory=top.number("memory", 256 * MIB, MIN_MEMORY),
        schedule=top.text("schedule", optional=True),
        metrics_host=metrics.text("host", "0.0.0.0"),
        metrics_port=metrics.number("port", 9101, 1, 65_535),
        vacuum_threshold=top.take(
            "vacuum_threshold",
            0.05,
            "a number from 0 to 1",
            lambda v: type(v) in (int, float) and math.isfinite(v) and 0 <= v <= 1,
        ),
    )
    for reader in (database, metrics, top):
        reader.end()
    return config

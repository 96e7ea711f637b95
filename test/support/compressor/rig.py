"""What the tests share: connections, the configuration file and runs of the compressor in this process."""

import json
import os
import tempfile
from pathlib import Path
from typing import Any

import psycopg2

DSN: dict[str, Any] = {"host": os.environ["PGHOST"], "dbname": os.environ["PGDATABASE"], "user": "synapse"}


def connect():
    return psycopg2.connect(**DSN)


def write_config(**more: Any) -> str:
    values = {"database": {"host": DSN["host"], "name": DSN["dbname"], "user": DSN["user"]}, **more}
    path = Path(tempfile.mkdtemp()) / "compressor.json"
    path.write_text(json.dumps(values))
    return str(path)


def check(condition: bool, message: str) -> None:
    if not condition:
        raise AssertionError(message)

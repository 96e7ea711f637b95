"""What is known about the runs, as an object or as text."""

import json
import time
from typing import Any

from compressor import runs, schema
from compressor.config import Config
from compressor.cron import next_run
from compressor.database import Connection


def status(config: Config) -> dict[str, Any]:
    db = Connection(config)
    try:
        history = runs.read(db)
        rooms = db.rows("SELECT count(*) FROM synapse_kit_compressor.state_compressor")[0][0] if schema.exists(db) else 0
    finally:
        db.close()
    return {
        "running": history.running,
        "last_run": history.last,
        "last_success": history.last_success,
        "next_run": None if config.schedule is None else next_run(config.schedule, time.time()),
        "rooms_compressed": rooms,
        "totals": history.totals,
    }


def _when(seconds: float | None) -> str:
    return "never" if seconds is None else time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(seconds))


def as_text(found: dict[str, Any]) -> str:
    last = found["last_run"]
    lines = [f"next run      {_when(found['next_run'])}", f"last success  {_when(found['last_success'])}"]
    if found["running"] is not None:
        lines.insert(0, f"at work since {_when(found['running']['started'])}")
    if last is None:
        return "\n".join(["last run      never", *lines])
    result = last["result"]
    lines.insert(0, f"last run      {_when(last['started'])}, {last['state']}, {last['seconds']} s")
    if result:
        lines.append(f"rows          {result['rows_before']} became {result['rows_after']}")
        lines.append(f"peak memory   {result['peak_memory_bytes'] / 1024**2:.0f} MiB")
        lines.append(f"vacuum        {result['vacuum']}")
        if result["left"]:
            lines.append(f"rooms left    {json.dumps(result['left'])}")
    return "\n".join(lines)

"""Metrics in Prometheus' text form. README.md lists them."""

from typing import Any

from compressor.failure import DONE
from compressor.runs import History

PREFIX = "synapse_kit_compressor_"

#: name, field of a run's result, help
RESULTS = (
    ("last_run_rows_before", "rows_before", "Rows of the state groups that the last run looked at, before it."),
    ("last_run_rows_after", "rows_after", "The same after it."),
    ("last_run_chunks", "chunks", "Chunks of the last run."),
    ("last_run_rooms", "rooms", "Rooms of the last run."),
    ("last_run_mismatches", "mismatches", "Chunks of the last run that did not verify and were rolled back."),
    ("last_run_conflicts", "conflicts", "Chunks of the last run that met a purge and were tried again."),
    ("last_run_peak_memory_bytes", "peak_memory_bytes", "Most memory that the last run held."),
    ("last_run_longest_write_seconds", "longest_write_seconds", "Longest time that the last run held row locks."),
)

TOTALS = (
    ("chunks_total", "chunks", "Chunks of all runs."),
    ("rows_removed_total", "rows_removed", "Rows that all runs saved."),
    ("mismatches_total", "mismatches", "Chunks of all runs that did not verify."),
)


def _metric(name: str, kind: str, text: str, samples: list[tuple[str, Any]]) -> str:
    values = [f"{PREFIX}{name}{labels} {float(value):.17g}" for labels, value in samples if value is not None]
    if not values:
        return ""
    return "\n".join([f"# HELP {PREFIX}{name} {text}", f"# TYPE {PREFIX}{name} {kind}", *values, ""])


def render(history: History, running: bool, next_run: float | None) -> str:
    last = history.last or {}
    result, totals = last.get("result", {}), history.totals
    # A run that was refused or crashed has no figures; those of nobody are not zeros.
    ended = last.get("ended")
    gauges = [
        ("running", "1 while a run is at work.", int(running)),
        ("next_run_timestamp_seconds", "When the next run begins.", next_run),
        ("last_success_timestamp_seconds", "When the last successful run ended.", history.last_success),
        ("last_run_start_timestamp_seconds", "When the last run began.", last.get("started")),
        ("last_run_end_timestamp_seconds", "When the last run ended.", ended),
        ("last_run_duration_seconds", "Seconds of the last run.", last.get("seconds")),
        ("last_run_success", "1 if the last run ended well.", None if ended is None else int(last["code"] == DONE)),
        ("last_run_exit_code", "Exit code of the last run.", last.get("code")),
        *((name, text, result.get(key)) for name, key, text in RESULTS),
    ]
    text = [_metric(name, "gauge", help_, [("", value)]) for name, help_, value in gauges]
    left = [(f'{{reason="{reason}"}}', count) for reason, count in sorted(result.get("left", {}).items())]
    text.append(_metric("last_run_rooms_left", "gauge", "Rooms that the last run left, by reason.", left))
    text += [_metric(name, "counter", help_, [("", totals.get(key, 0))]) for name, key, help_ in TOTALS]
    states = [(key.removeprefix("runs."), count) for key, count in sorted(totals.items()) if key.startswith("runs.")]
    samples = [(f'{{state="{state}"}}', count) for state, count in states]
    text.append(_metric("runs_total", "counter", "Runs by how they ended.", samples))
    return "".join(text)

"""Five-field cron expressions, in UTC."""

from datetime import UTC, datetime

from cronsim import CronSim, CronSimError

from compressor.failure import USAGE, Failure


def next_run(expression: str, after: float) -> float:
    """Seconds since 1970. Raises Failure, code 2, for an expression that is none or that never comes."""
    try:
        return next(CronSim(expression, datetime.fromtimestamp(after, UTC))).timestamp()
    except (CronSimError, StopIteration):
        raise Failure(USAGE, f"schedule is {expression!r}; allowed: five cron fields, such as '0 3 * * *'") from None

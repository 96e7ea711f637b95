"""Stays up, starts a run whenever the schedule says so, and serves the metrics."""

import subprocess
import sys
import threading
import time

from compressor import runs
from compressor.config import Config
from compressor.cron import next_run
from compressor.database import Connection
from compressor.failure import DONE, USAGE, Failure
from compressor.metrics import render
from compressor.run import say
from compressor.runs import NO_HISTORY
from compressor.server import serve
from compressor.stop import Stop

#: Seconds after which a run that somebody started by hand shows in the metrics.
REFRESH = 60.0

#: Seconds that a run gets to roll back once it is asked to stop; it takes well below one (measured).
STOP_SECONDS = 8.0


class Scheduler:
    """
    Each run is a process of its own: its memory is gone afterwards, and one that is killed for memory ends neither the
    schedule nor the metrics.
    """

    def __init__(self, config: Config, config_path: str, stop: Stop) -> None:
        if config.schedule is None:
            raise Failure(USAGE, f"{config_path}: schedule is missing; `compressor run` needs none")
        self._config, self._path, self._stop = config, config_path, stop
        self._lock = threading.Lock()
        self._history = NO_HISTORY
        self._running: subprocess.Popen | None = None
        self._next = next_run(config.schedule, time.time())
        stop.on_stop(self._pass_on)

    def _pass_on(self) -> None:
        child = self._running
        if child is not None:
            child.terminate()

    def metrics(self) -> str:
        with self._lock:
            return render(self._history, self._running is not None, self._next)

    def _refresh(self) -> None:
        """Keeps the last figures while Postgres does not answer."""
        try:
            db = Connection(self._config)
            try:
                history = runs.read(db)
            finally:
                db.close()
        except Failure as failure:
            say(f"the table of runs cannot be read: {failure}")
            return
        with self._lock:
            self._history = history

    def forever(self) -> int:
        assert self._config.schedule is not None
        server = serve(self._config.metrics_host, self._config.metrics_port, self.metrics)
        try:
            self._refresh()
            while not self._stop.asked.is_set():
                rest = self._next - time.time()
                if rest > 0:
                    if not self._stop.asked.wait(min(rest, REFRESH)):
                        self._refresh()
                    continue
                self._run()
                # From now on, not from then: a run that takes longer than the interval is not made up for.
                self._next = next_run(self._config.schedule, time.time())
        finally:
            server.shutdown()
        return DONE

    def _run(self) -> None:
        command = [sys.executable, "-m", "compressor", "--config", self._path, "run", "--scheduled"]
        self._running = subprocess.Popen(command, stdin=subprocess.DEVNULL)
        if self._stop.asked.is_set():
            self._pass_on()
        while self._running.poll() is None:
            if self._stop.asked.is_set():
                try:
                    self._running.wait(STOP_SECONDS)
                except subprocess.TimeoutExpired:
                    self._running.kill()
            else:
                self._stop.asked.wait(0.5)
        say(f"the run ended with code {self._running.returncode}")
        self._running = None
        self._refresh()

"""SIGTERM and SIGINT: a flag, and the statement that runs is cancelled."""

import signal
import threading
from collections.abc import Callable

from compressor.failure import Stopped

SIGNALS = {signal.SIGTERM, signal.SIGINT}


class Stop:
    """
    A thread of its own waits for the signals, since Python's handlers do not run while libpq waits for the server.
    Made once, before any other thread, so that every thread has the signals blocked.
    """

    def __init__(self) -> None:
        self.asked = threading.Event()
        self._cancels: list[Callable[[], None]] = []
        signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
        threading.Thread(target=self._wait, daemon=True).start()

    def _wait(self) -> None:
        while True:
            signal.sigwait(SIGNALS)
            self.asked.set()
            for cancel in list(self._cancels):
                cancel()

    def on_stop(self, cancel: Callable[[], None]) -> None:
        """Called from the waiting thread. Must not raise."""
        self._cancels.append(cancel)

    def check(self) -> None:
        """Raises Stopped once a stop was asked for."""
        if self.asked.is_set():
            raise Stopped()

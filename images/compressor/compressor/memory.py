"""How much memory there is for a chunk, and how much was used."""

import ctypes
import gc
import resource
from pathlib import Path

from compressor.config import MIB
from compressor.entries import ENTRY_BYTES
from compressor.failure import TooLarge

#: One row of one group: a number in an array.
ROW_BYTES = 8

#: One key of the largest state: its place in the walk's state and in the marks of every level of every stack.
KEY_BYTES = 400

#: The scheduler that waits beside the run (measured: 27 MiB).
SCHEDULER_BYTES = 32 * MIB

#: Part of the rest that a chunk may reckon with; the others are freed memory that Python still holds.
SHARE = 0.6


def resident() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize()


def peak() -> int:
    """The most that this process ever held, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


class Budget:
    """What one chunk may take. Counts before the memory is taken, so that the limit is never found by passing it."""

    def __init__(self, memory: int) -> None:
        self.limit = int((memory - SCHEDULER_BYTES - resident()) * SHARE)

    def check(self, rows: int, entries: int, largest: int) -> None:
        """Raises TooLarge. `largest` is the largest number of rows of a group, a lower bound of the state's size."""
        if rows * ROW_BYTES + entries * ENTRY_BYTES + largest * KEY_BYTES > self.limit:
            raise TooLarge(f"{rows} rows with {entries} distinct entries need more than {self.limit // MIB} MiB")


def give_back() -> None:
    """After a chunk that was too large: freed memory goes back to the system, where the C library can."""
    gc.collect()
    try:
        ctypes.CDLL(None).malloc_trim(0)
    except (OSError, AttributeError):
        return

"""Exit codes, and the errors that carry one."""

DONE = 0
INTERNAL = 1
USAGE = 2
DATABASE = 3
LOCKED = 4
BACKGROUND_UPDATE = 5
MISMATCH = 6
#: 128 + SIGKILL and 128 + SIGTERM, as a shell reports them.
CRASHED = 137
STOPPED = 143

STATES = {
    DONE: "done",
    INTERNAL: "failed",
    USAGE: "usage",
    DATABASE: "database",
    LOCKED: "locked",
    BACKGROUND_UPDATE: "background_update",
    MISMATCH: "mismatch",
    CRASHED: "crashed",
    STOPPED: "stopped",
}


class Failure(Exception):
    """Ends the command with a code and one line for the person who runs it."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


class Stopped(Failure):
    """Asked to stop; whatever was open is rolled back."""

    def __init__(self) -> None:
        super().__init__(STOPPED, "stopped as asked; the chunk in work was rolled back")


class TooLarge(Exception):
    """A chunk needs more memory than there is; a smaller one may not."""


class Malformed(Exception):
    """The rows of a room contradict each other, so nothing of it is touched."""


class Conflict(Exception):
    """Synapse changed the same groups meanwhile; nothing was written."""


class Mismatch(Exception):
    """A group would resolve to another state; nothing was written."""

"""Every distinct entry of a room's state once, as a small number."""

import secrets

#: Bytes that one distinct entry takes: three texts, two tuples, their places in two tables, its token (measured: 640).
ENTRY_BYTES = 700

Row = tuple[str, str, str]


class Entries:
    """An entry is a row without its group: type, state key, event. Its key is the first two."""

    def __init__(self) -> None:
        self._numbers: dict[Row, int] = {}
        self._keys: dict[tuple[str, str], int] = {}
        self._types: dict[str, str] = {}
        #: by number: the row, the number of its key, and a random number that stands for it in a digest
        self.rows: list[Row] = []
        self.key: list[int] = []
        self.token: list[int] = []

    def number(self, type_: str, state_key: str, event_id: str) -> int:
        row = (type_, state_key, event_id)
        found = self._numbers.get(row)
        if found is not None:
            return found
        type_ = self._types.setdefault(type_, type_)
        row = (type_, state_key, event_id)
        number = self._numbers[row] = len(self.rows)
        self.rows.append(row)
        self.key.append(self._keys.setdefault((type_, state_key), len(self._keys)))
        self.token.append(secrets.randbits(128))
        return number

    def __len__(self) -> int:
        return len(self.rows)

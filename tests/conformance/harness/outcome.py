"""The outcome of a call."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Outcome:
    ok: bool
    # Of the answer that ended a failed call; None if upstream had not refused anything.
    http_status: int | None = None
    # For display.
    message: str = ""
    # The case's value of the answer, to compare; None: nothing.
    answer: object = None
    # The daemon reports that it does not serve this yet.
    not_served_yet: bool = False

    @property
    def words(self):
        if self.ok:
            return "success"
        return f"failure with {self.http_status}" if self.http_status else "failure without an answer from upstream"

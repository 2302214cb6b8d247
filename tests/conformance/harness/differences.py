"""The expected differences: expected_differences.yaml."""

import dataclasses
import re

import yaml

_SDKS = {"python": ("python",), "typescript": ("typescript",), "both": ("python", "typescript")}


def _pattern(text):
    """`*` matches anything; everything else is literal."""
    return re.compile(".*".join(re.escape(part) for part in text.split("*")), re.DOTALL)


@dataclasses.dataclass
class _Expected:
    line: int
    cases: str
    sdk: str
    difference: str
    reason: str
    used: bool = False

    def __post_init__(self):
        self._cases = _pattern(self.cases)
        self._difference = _pattern(self.difference)

    def is_about(self, case):
        return self._cases.fullmatch(case) is not None

    def covers(self, case, sdk, difference):
        return sdk in _SDKS[self.sdk] and self.is_about(case) and self._difference.fullmatch(difference) is not None


class ExpectedDifferences:
    def __init__(self, path):
        self._path = path
        nodes = yaml.compose(path.read_text()).value
        self._entries = [
            _Expected(line=node.start_mark.line + 1, **{key.value: value.value for key, value in node.value})
            for node in nodes
        ]
        for entry in self._entries:
            if not entry.reason.strip() or entry.sdk not in _SDKS:
                raise ValueError(f"{path}:{entry.line}: needs a reason, and python, typescript or both as its sdk")

    def covers(self, case, sdk, difference):
        """Whether the difference is expected. Every entry that covers it counts as used."""
        covering = [entry for entry in self._entries if entry.covers(case, sdk, difference)]
        for entry in covering:
            entry.used = True
        return bool(covering)

    def stale(self, skipped):
        """Entries that covered nothing, as "file:line: ...", except those of skipped cases."""
        return [
            f"{self._path.name}:{entry.line}: matches nothing any more: {entry.cases} ({entry.sdk}): {entry.difference}"
            for entry in self._entries
            if not entry.used and not any(entry.is_about(case) for case in skipped)
        ]

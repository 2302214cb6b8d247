"""The two files of exceptions: YAML lists of mappings, each with a reason. None may be out of date."""

import re

import yaml


def _entries(path, *members):
    """(line, members...) of each entry; all members are required."""
    for node in yaml.compose(path.read_text()).value:
        entry = {key.value: value.value for key, value in node.value}
        if entry.keys() != set(members) or not all(entry.values()):
            raise ValueError(f"{path}:{node.start_mark.line + 1}: needs {', '.join(members)}, and nothing else")
        yield node.start_mark.line + 1, *(entry[member] for member in members)


class Relaxations:
    """relaxations.yaml: validation errors of answers that match the real server's."""

    def __init__(self, path):
        self._name = path.name
        # `*` matches anything.
        self._entries = [
            (line, text, re.compile(".*".join(map(re.escape, text.split("*"))), re.DOTALL))
            for line, text, _ in _entries(path, "error", "reason")
        ]
        self._used = set()

    def covers(self, error):
        covering = {line for line, _, pattern in self._entries if pattern.fullmatch(error)}
        self._used |= covering
        return bool(covering)

    def stale(self):
        for line, text, _ in self._entries:
            if line not in self._used:
                yield f"{self._name}:{line}: matches nothing any more: {text}"


class Unmapped:
    """unmapped_operations.yaml: operations that the daemon does not use."""

    def __init__(self, path):
        self._name = path.name
        self._lines = {operation: line for line, operation, _ in _entries(path, "operation", "reason")}

    def faults(self, operations, removed, seen):
        """What is wrong with the list, given what the document has, what of it newer servers lack (to what took its
        place), and what the daemon was seen to use."""
        for operation, line in self._lines.items():
            if operation not in operations:
                yield f"{self._name}:{line}: the document has no {operation}"
            if operation in seen:
                yield f"{self._name}:{line}: the daemon uses {operation}; take it off the list"
        for operation, replacement in removed.items():
            if operation in seen and replacement not in seen:
                yield f"{operation}: newer servers lack it, and the daemon was never seen to use {replacement} instead"
        for operation in sorted(operations - seen - self._lines.keys() - removed.keys()):
            yield f"{operation}: the daemon was never seen to use it; add a call, or say why in {self._name}"

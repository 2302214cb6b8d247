"""Files for cases that read some: written once for each run, in the same place for all clients."""

import pathlib

# Without a COPY of local files.
DOCKERFILE = "FROM debian:12\n# a comment\nENV A=1\nRUN echo hi \\\n  && echo there\nCOPY --from=busybox /bin/sh /sh\n"

PYPROJECT = """
[project]
dependencies = ["requests>=2", "attrs"]
[project.optional-dependencies]
dev = ["pytest", "ruff>=0.1"]
docs = ["sphinx"]
"""

_FILES = {
    "Dockerfile": DOCKERFILE,
    "pyproject.toml": PYPROJECT,
    "requirements.txt": "numpy==1.26\n",
    "a.txt": "A\n",
    "tree/a.txt": "A\n",
    "tree/sub/b.txt": "B\n",
    "app/Dockerfile": "FROM debian:12\nCOPY main.txt /app/\nCOPY src /app/src\nRUN echo done\n",
    "app/main.txt": "main\n",
    "app/src/one.txt": "1\n",
}


def write(root: pathlib.Path):
    """Writes all files below `root`, and answers it."""
    for name, text in _FILES.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (root / "tree" / "empty").mkdir()
    return root

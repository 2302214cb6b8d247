"""Files for cases that read them: written once per run, in the same place for all clients."""

import os
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
    "app/Dockerfile.all": "FROM debian:12\nCOPY . .\n",
    "app/Dockerfile.crlf": "FROM debian:12\r\nCOPY main.txt \\\r\n  /app/\r\nRUN echo done\r\n",
    "app/Dockerfile.written": "FROM debian:12\nCOPY ./main.txt src/ ./src/ src/../main.txt ./m*.txt ./s*/ /app/\n",
    "app/Dockerfile.json": "FROM debian:12\nCOPY --chown=1:1 [\"main.txt\", \\\n  # both\n  \"./src/\", \"/app/\"]\n",
    "links/one.txt": "1\n",
}

# Links to files, beside "links" with an absolute one to `a.txt`.
_LINKS = {"links/relative": "one.txt", "links/up": "../a.txt"}


def write(root: pathlib.Path):
    """Writes all files below `root`, and returns it."""
    for name, text in _FILES.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, newline="")
    (root / "app" / "Dockerfile.latin-1").write_bytes("FROM debian:12\n# caf\u00e9\n".encode("latin-1"))
    (root / "tree" / "empty").mkdir()
    for name, target in _LINKS.items():
        os.symlink(target, root / name)
    os.symlink(root / "a.txt", root / "links" / "absolute")
    (root / "links-to-directories").mkdir()
    os.symlink(root / "tree", root / "links-to-directories" / "tree")
    return root

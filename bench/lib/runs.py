"""A suite as several runs, each in a process of its own, whose documents are put together."""

import json
import os
import pathlib
import subprocess
import sys
import tempfile


def together(documents):
    """One document with the runs of all; the machine is that of the first."""
    first = documents[0]
    return {**first, "failed": any(document["failed"] for document in documents),
            "runs": [run for document in documents for run in document["runs"]]}


def load(paths):
    return together([json.loads(pathlib.Path(path).read_text(encoding="utf-8")) for path in paths])


def separately(settings):
    """This script again for each (arguments, environment variables)."""
    paths = []
    with tempfile.TemporaryDirectory() as folder:
        for arguments, variables in settings:
            paths.append(pathlib.Path(folder, f"{len(paths)}.json"))
            command = [sys.executable, sys.argv[0], *arguments, "--json", str(paths[-1])]
            done = subprocess.run(command, check=False, env={**os.environ, **variables})
            if not paths[-1].exists():
                sys.exit(done.returncode or 1)
        return load(paths)

"""`python -m tests.faults [--full]`: the whole battery, the tests elsewhere that count for it, and then its table."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from .counting import RESULTS
from .report import failing, markdown

TESTS = Path(__file__).parents[1]


def main(arguments: list[str]) -> int:
    full = "--full" in arguments
    shutil.rmtree(RESULTS / ("full" if full else "ci"), ignore_errors=True)
    command = [sys.executable, "-m", "pytest", "-q", "-m", "faults or counts", str(TESTS), *arguments]
    ran = subprocess.run(command, cwd=TESTS.parent, check=False)
    print(markdown(full=full))
    for line in (missed := failing(full=full)):
        print(f"- {line}", file=sys.stderr)
    return ran.returncode or (1 if missed else 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

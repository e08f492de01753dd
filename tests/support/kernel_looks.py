"""What stands in for the real `look` in processes that tests start: chosen by variables, so that no port is needed.

FAKE_LOOK      ready | building | failing | refused | question | dawdling | slow
FAKE_SECONDS   how long a build takes
FAKE_MARK      file that counts calls, and where a consent is recorded
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from jupyter_dep.base.errors import DepError
from jupyter_dep.base.progress import CancelToken, Progress, Reporter
from jupyter_dep.operations.kernel_start.result import ConsentPrompt, NeedsBuild, Ready, Refused, StartResult


def ready(notebook: Path | None = None, key: str = "k1", **more: object) -> Ready:
    values: dict[str, object] = {
        "key": key,
        "path": sys.prefix,
        "python": os.environ.get("FAKE_PYTHON", sys.executable),
        "notebook": str(notebook) if notebook else None,
        "lease": os.environ.get("FAKE_LEASE", ""),
        **more,
    }
    return Ready(**values)  # type: ignore[arg-type]


def look(notebook: Path | None, cwd: Path, *, reuse_key: str | None = None) -> StartResult:
    mark = Path(os.environ["FAKE_MARK"])
    with mark.open("a") as file:
        file.write(f"look {notebook.name if notebook else '-'} {reuse_key or '-'}\n")
    kind = os.environ.get("FAKE_LOOK", "ready")
    consented = mark.with_suffix(".consent")

    def build(report: Reporter, cancel: CancelToken) -> Ready:
        with mark.open("a") as file:
            file.write("build\n")
        end = time.monotonic() + float(os.environ.get("FAKE_SECONDS", "0.5"))
        while time.monotonic() < end:
            if cancel.is_set:
                raise DepError("cancelled", "cancelled", hint="try again")
            report(Progress(phase="downloading", done=1, total=3))
            time.sleep(0.02)
        if kind == "failing":
            raise DepError("no-such-package", "there is no `nunpy`", hint="did you mean `numpy`?")
        return ready(notebook)

    if kind == "refused":
        return Refused(code="bad-lock", message="the lock is damaged", steps=("run `jupyter dep lock`", "restart the kernel"))
    if kind == "question" and not consented.exists():
        question = ConsentPrompt(
            fingerprint="ab12cd", code="7391", lines=("3 packages from index.example",), accept=consented.touch
        )
        return Refused(code="no-consent", message="nobody consented", steps=("jupyter dep trust allow",), question=question)
    if kind in ("slow", "dawdling"):
        time.sleep(30 if kind == "slow" else 2)
    if kind in ("building", "failing") and reuse_key is None:
        return NeedsBuild(key="k1", headline="building the environment", build=build)
    return ready(notebook)

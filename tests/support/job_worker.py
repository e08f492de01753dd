"""A real worker over the engine of the tests: `python job_worker.py FOLDER HOME SIGNS`.

What it does is steered by files in the folder SIGNS, see `SignedEngine`; where it is, it leaves `arrived-PID` there.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from jupyter_dep.base.engine_port import EngineAnswer, LockRequest
from jupyter_dep.base.progress import CancelToken, Progress, Reporter, cancelled, silent
from jupyter_dep.services import Services
from jupyter_dep_server.jobs import worker
from support.fake_engine import Catalogue, FakeEngine
from support.releases import RELEASES
from support.sandbox import UserSandbox


class SignedEngine(FakeEngine):
    """`lock` waits while there is a file `gate` (hears no cancel while there is `deaf`), and breaks where there is `broken`.
    With `broken-services` everything breaks before it begins."""

    def __init__(self, signs: Path) -> None:
        self.signs = signs
        super().__init__(lambda: Catalogue.of(RELEASES))

    def lock(self, request: LockRequest, *, reporter: Reporter = silent, cancel: CancelToken | None = None) -> EngineAnswer:
        print("a library says something on stdout")
        reporter(Progress(phase="resolving", detail="in a worker"))
        (self.signs / f"arrived-{os.getpid()}").touch()
        while (self.signs / "gate").exists():
            time.sleep(0.01)
            if cancel is not None and cancel.is_set and not (self.signs / "deaf").exists():
                raise cancelled()
        if (self.signs / "broken").exists():
            raise RuntimeError("a slip of ours")
        return super().lock(request, reporter=reporter, cancel=cancel)


if __name__ == "__main__":
    folder, home, signs = map(Path, sys.argv[1:4])
    sandbox = UserSandbox(folder=folder, home=home, index_url="http://127.0.0.1:9/simple")

    def services() -> Services:
        if (signs / "broken-services").exists():
            raise RuntimeError("a slip of ours")
        return sandbox.services(SignedEngine(signs))

    worker.main(services)

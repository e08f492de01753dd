"""A `Dockerfile` around an exported `requirements.txt`: the locked Python minor, hashed files only, no root at run time."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from jupyter_dep.base.errors import DepError
from jupyter_dep.base.steps import Hint, step
from jupyter_dep.model.lock.lockfile import Lock
from jupyter_dep.model.lock.select import DEFAULT_SELECTION, Selection

from .select import chosen


def dockerfile(
    lock: Lock,
    choice: Selection = DEFAULT_SELECTION,
    *,
    python: str,
    command: Sequence[str] = ("python",),
    requirements: str = "requirements.txt",
) -> str:
    """The text; `requirements` is the file that stands beside it, exported with hashes from the same choice.

    `python` is a minor such as `3.12`, `command` what the container runs. Errors: `no-container-image` for a Python without
    one, `no-hash` for a package that pip could not check, and those of `chosen`.
    """
    if not re.fullmatch(r"3\.\d{1,2}", python):
        raise DepError(
            "no-container-image",
            f"unsupported Python for an image: {python}",
            hint=Hint("lock for another Python, such as ", step("python", "3.12")),
        )
    builds = False
    for one in chosen(lock, choice):
        package = one.package
        if package.vcs is not None or package.directory is not None:
            raise DepError(
                "no-hash",
                f"`{package.name}` comes from a repository or a folder, and has no hash that the image's pip could check",
                hint="publish the package, or install it in a step of your own",
                context={"package": package.name},
            )
        builds = builds or not package.wheels
    only = "" if builds else " --only-binary :all:"
    return "\n".join(
        [
            "# Written by `jupyter dep export --format dockerfile`. Beside it belongs what this writes:",
            f"#   jupyter dep export --format requirements > {requirements}",
            f"FROM python:{python}-slim",
            "ENV PYTHONUNBUFFERED=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1",
            "RUN useradd --create-home --uid 1000 app",
            "WORKDIR /home/app/work",
            # the packages are a layer of their own: an edited notebook does not install them again
            f"COPY {json.dumps([requirements, '/tmp/requirements.txt'])}",  # noqa: S108
            f"RUN python -m venv /opt/environment && /opt/environment/bin/pip install --no-deps --require-hashes{only}"
            " -r /tmp/requirements.txt",
            'ENV PATH="/opt/environment/bin:$PATH"',
            "COPY --chown=app:app . .",
            "USER app",
            f"CMD {json.dumps(list(command))}",
            "",
        ]
    )

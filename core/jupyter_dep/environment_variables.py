"""The environment variables of jupyter-dep. What reads one takes its name from here; `docs/configuration.md` lists them all."""

from __future__ import annotations

from jupyter_dep.base.fast_dataclass import frozen_dataclass

HOME = "JUPYTER_DEP_HOME"
SYSTEM_STORE = "JUPYTER_DEP_SYSTEM_STORE"
TRUST = "JUPYTER_DEP_TRUST"
NOTEBOOK = "JUPYTER_DEP_NOTEBOOK"
PUBLISH = "JUPYTER_DEP_PUBLISH_"
PUBLISH_TOKEN = "JUPYTER_DEP_PUBLISH_TOKEN"  # noqa: S105  a name
PUBLISH_USERNAME = "JUPYTER_DEP_PUBLISH_USERNAME"
PUBLISH_PASSWORD = "JUPYTER_DEP_PUBLISH_PASSWORD"  # noqa: S105  a name
SHELL = "JUPYTER_DEP_SHELL"
CONTEXT = "JUPYTER_DEP_CONTEXT"
OUTER_SESSION = "JUPYTER_DEP_OUTER_SESSION"
PIP = "JUPYTER_DEP_PIP"


@frozen_dataclass
class Variable:
    """One variable and what it does. `ours`: jupyter-dep sets it for its own processes, users do not."""

    name: str
    means: str
    ours: bool = False


VARIABLES = (
    Variable(
        name=HOME, means="put store, cache, state and configuration below this folder, in place of the user's own folders"
    ),
    Variable(
        name=SYSTEM_STORE,
        means="use the sealed environments of this read-only folder too, such as one that an administrator fills",
    ),
    Variable(
        name=TRUST,
        means="allow these locks: fingerprints and absolute folders, separated like `PATH`",
    ),
    Variable(name=NOTEBOOK, means="the path of the notebook that a kernel is started for, where the front end does not say it"),
    Variable(name=PUBLISH_TOKEN, means="the token that `publish` uploads with"),
    Variable(name=PUBLISH_USERNAME, means="the user name that `publish` uploads with if no token is set"),
    Variable(name=PUBLISH_PASSWORD, means="the password that belongs to it"),
    Variable(name=SHELL, means="the project whose subshell this is", ours=True),
    Variable(name=CONTEXT, means="what a kernel is started with; its launcher removes it", ours=True),
    Variable(
        name=OUTER_SESSION,
        means="the session name of the kernel that started a process, so that it is not mistaken for the process's own",
        ours=True,
    ),
    Variable(name=PIP, means="the Python of jupyter-dep, which answers for `pip` inside an environment", ours=True),
)

"""What a Python says about itself: run inside it, by path, as `python -I -S -B probe_script.py`.

The protocol: no arguments and no input. The last line of stdout that begins with `MARK` holds, after it, one
JSON object with the keys of `describe()`; every other line is noise, and an exit code other than 0 is a
refusal. The standard library only, and the syntax of Python 3.8. With `-S` no `.pth` file and no
`sitecustomize` runs.
"""

from __future__ import annotations

import importlib.machinery
import json
import os
import platform
import struct
import sys
import sysconfig

MARK = "jupyter-dep-python:"


def version() -> str:
    """The full version as PEP 440 text; `platform.python_version()` has a bare `+` in development builds."""
    info = sys.version_info
    stage = {"alpha": "a", "beta": "b", "candidate": "rc"}.get(info.releaselevel)
    return f"{info.major}.{info.minor}.{info.micro}" + (f"{stage}{info.serial}" if stage else "")


def abi() -> str:
    """The ABI tag, `cp311`, `cp313t`, `cp313td`: Windows has no `sys.abiflags` to ask."""
    debug = bool(sysconfig.get_config_var("Py_DEBUG")) or "_d.pyd" in importlib.machinery.EXTENSION_SUFFIXES
    threaded = bool(sysconfig.get_config_var("Py_GIL_DISABLED"))
    return f"cp{sys.version_info[0]}{sys.version_info[1]}{'t' if threaded else ''}{'d' if debug else ''}"


def libc() -> str:
    """The C library that decides which Linux wheels load: `glibc`, `musl`, empty elsewhere."""
    if not sys.platform.startswith("linux"):
        return ""
    try:
        return "glibc" if os.confstr("CS_GNU_LIBC_VERSION") else "musl"
    except (AttributeError, OSError, ValueError):
        return "musl"


def markers() -> dict[str, str]:
    """The eleven variables of environment markers."""
    info = sys.implementation.version
    stage = "" if info.releaselevel == "final" else f"{info.releaselevel[0]}{info.serial}"
    return {
        "implementation_name": sys.implementation.name,
        "implementation_version": f"{info.major}.{info.minor}.{info.micro}{stage}",
        "os_name": os.name,
        "platform_machine": platform.machine(),
        "platform_python_implementation": platform.python_implementation(),
        "platform_release": platform.release(),
        "platform_system": platform.system(),
        "platform_version": platform.version(),
        "python_full_version": platform.python_version(),
        "python_version": f"{sys.version_info[0]}.{sys.version_info[1]}",
        "sys_platform": sys.platform,
    }


def describe() -> dict[str, object]:
    """Describe the interpreter that runs this."""
    # in a virtual environment `sys.executable` is the environment's, from 3.11 on without `site` too
    base = getattr(sys, "_base_executable", None) or sys.executable
    return {
        "executable": os.path.abspath(base),
        "implementation": sys.implementation.name,
        "version": version(),
        "prerelease": sys.version_info.releaselevel != "final",
        "abi": abi(),
        "bits": struct.calcsize("P") * 8,
        "platform": sysconfig.get_platform(),
        "libc": libc(),
        "markers": markers(),
    }


if __name__ == "__main__":
    sys.stdout.write("\n" + MARK + json.dumps(describe()) + "\n")

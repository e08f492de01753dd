"""What was linked through the interpreter of another environment is what it would have been without."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from support.index import Index
from support.notebooks import MINOR, command_context
from support.sandbox import sandbox_at
from support.wheels import build_wheel

from jupyter_dep.base.engine_port import Install
from jupyter_dep.io.engine.runner import EngineRunner
from jupyter_dep.io.engine.uv import Uv
from jupyter_dep.io.index.settings import IndexSettings
from jupyter_dep.io.store import record_check, snapshots
from jupyter_dep.model.lock.select import Artifact

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there the engine asks each interpreter")

TELL = "import sys\n\n\ndef main() -> None:\n    print(sys.prefix)\n"
DATA = "tool-1.0.data/scripts/plain"


@pytest.fixture
def index(toy_index: Index) -> Index:
    """With a distribution that has a program made by the engine, one of its own, and one that is no Python."""
    build_wheel(
        toy_index.folder, "tool", "1.0",
        files={
            "tool/__init__.py": TELL,
            DATA: "#!python\nimport sys\nprint(sys.prefix)\n",
            "tool-1.0.data/scripts/shell": "#!/bin/sh\necho shell\n",
        },
        entry_points="[console_scripts]\ntool = tool:main\n",
    )  # fmt: skip
    return toy_index


def test_programs_start_their_own_environments_python_and_the_records_hold(index: Index, tmp_path: Path) -> None:
    from jupyter_dep.operations.edit import add_remove

    sandbox = sandbox_at(tmp_path / "sandbox", index.url)
    notebook = sandbox.notebook(name="n")
    services = sandbox.services()
    first = add_remove.add(notebook, ["alpha"], services, command_context()).sealed
    second = add_remove.add(notebook, ["tool"], services, command_context()).sealed
    assert first is not None and second is not None
    interpreter = services.interpreters.find(MINOR)
    template = services.templates.python(Path(second.path).parent, Path(interpreter.executable), interpreter.identity)
    assert template is not None, "nothing was linked through a template: this shows nothing"
    root, site = Path(second.path), Path(second.site)
    for name, told in {"tool": str(root), "plain": str(root), "shell": "shell"}.items():
        done = subprocess.run([root / "bin" / name], capture_output=True, text=True, check=True)
        assert done.stdout.strip() == told, name
    assert record_check.find_damaged(root, site) == {}
    others = [str(services.templates.folder), first.path]
    for path in root.rglob("*"):
        if path.is_file() and not path.is_symlink():
            content = path.read_bytes()
            assert not any(other.encode() in content for other in others), path


def test_it_is_file_for_file_what_the_engine_makes_through_the_environments_own_python(index: Index, tmp_path: Path) -> None:
    from jupyter_dep.io.python.venv_templates import Templates

    templates = Templates(tmp_path / "t", tmp_path / "app-data")
    python = Path(sys.executable).resolve()
    made = {name: templates.create(tmp_path / "e" / name, python, "one") for name in ("0000000000", "1111111111", "2222222222")}
    through = templates.python(tmp_path / "e", python, "one")
    assert through is not None
    (wheel,) = index.folder.glob("tool-1.0-*.whl")
    artifact = Artifact(
        name="tool", version="1.0", kind="wheel", filename=wheel.name, url=f"{index.url.removesuffix('simple/')}",
        sha256=_sha256(wheel), size=wheel.stat().st_size,
    )  # fmt: skip
    engine = Uv(runner=EngineRunner(cache=tmp_path / "cache", settings=IndexSettings(default=index.url), environ={}))
    artifact = engine.verify_against_index([artifact], python=str(python))["tool"]
    plain = Install(artifacts=(artifact,), python=str(made["1111111111"]), python_version=MINOR)
    engine.install(plain)
    engine.install(Install(artifacts=(artifact,), python=str(made["2222222222"]), python_version=MINOR, through=str(through)))
    roots = [tmp_path / "e" / name for name in ("1111111111", "2222222222")]
    one, other = ({name: (root / name).read_bytes() for name in snapshots.take_snapshot(root).files} for root in roots)
    assert one.keys() == other.keys()
    for name in one.keys() - {"lib/python" + MINOR + "/site-packages/tool-1.0.dist-info/RECORD"}:
        assert other[name].replace(b"2222222222", b"1111111111") == one[name], name
    assert all(record_check.find_damaged(root, root / "lib" / f"python{MINOR}" / "site-packages") == {} for root in roots)
    modes = [{name: (root / "bin" / name).stat().st_mode for name in ("tool", "plain", "shell")} for root in roots]
    assert modes[0] == modes[1]


def _sha256(path: Path) -> str:
    import hashlib

    return hashlib.sha256(path.read_bytes()).hexdigest()

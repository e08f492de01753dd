"""Kernelspecs on disk: written, renewed, reported as stale and removed; those of other tools are not touched."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest
from jupyter_client.kernelspec import KernelSpecManager

from jupyter_dep.base.errors import DepError
from jupyter_dep_kernels import PIP_SHIM, kernelspecs
from jupyter_dep_kernels.kernelspecs import DiskKernelRegistry

ROOT = Path(__file__).parents[2]


@pytest.fixture
def registry(tmp_path: Path) -> DiskKernelRegistry:
    return DiskKernelRegistry(data=tmp_path / "data")


def spec(folder: Path) -> dict[str, object]:
    return dict(json.loads((folder / "kernel.json").read_text()))


def test_nothing_is_registered_in_an_empty_data_folder(registry: DiskKernelRegistry) -> None:
    assert registry.kernels() == ()


def test_setup_writes_plain_arguments_that_any_jupyter_can_start(registry: DiskKernelRegistry) -> None:
    kernel = registry.setup()
    written = spec(kernel.folder)
    assert written["argv"] == [sys.executable, "-P", "-m", "jupyter_dep_kernels.shim", "-f", "{connection_file}"]
    assert written["interrupt_mode"] == "signal"
    assert "kernel_provisioner" not in json.dumps(written)
    assert (kernel.folder / "logo-svg.svg").is_file()
    assert registry.kernels() == (kernel,)


def test_jupyter_finds_what_is_written_in_the_users_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "data"))
    DiskKernelRegistry().setup()
    found = KernelSpecManager(kernel_dirs=[str(tmp_path / "data" / "kernels")]).get_kernel_spec("dep")
    assert found.display_name == "Python (dep)"


def test_setup_renews_what_it_wrote(registry: DiskKernelRegistry, tmp_path: Path) -> None:
    other = tmp_path / "python"
    other.touch()
    DiskKernelRegistry(data=tmp_path / "data", python=other).setup()
    kernel = registry.setup()
    assert spec(kernel.folder)["argv"][0] == sys.executable  # type: ignore[index]
    assert len(registry.kernels()) == 1


def test_projects_of_one_name_get_kernels_of_their_own(registry: DiskKernelRegistry, tmp_path: Path) -> None:
    projects = [tmp_path / folder / "My Analysis.ipynb" for folder in ("a", "b")]
    for project in projects:
        project.parent.mkdir()
        project.touch()
    kernels = [registry.install(project, f"{project.stem} (dep)") for project in projects]
    assert len({kernel.name for kernel in kernels}) == 2
    for kernel, project in zip(kernels, projects, strict=True):
        assert kernel.name.startswith("dep-my-analysis-")
        assert spec(kernel.folder)["argv"][-2:] == ["--project", str(project)]  # type: ignore[index]
    assert {kernel.project for kernel in registry.kernels()} == set(projects)


@pytest.mark.parametrize("name", ["Größe.ipynb", "日本.ipynb", "..ipynb", "-.ipynb"])
def test_every_projects_name_makes_a_valid_kernel_name(registry: DiskKernelRegistry, tmp_path: Path, name: str) -> None:
    kernel = registry.install(tmp_path / name, "x")
    found = KernelSpecManager(kernel_dirs=[str(kernel.folder.parent)]).find_kernel_specs()
    assert kernel.name in found


def test_dead_kernels_say_why(registry: DiskKernelRegistry, tmp_path: Path) -> None:
    project = tmp_path / "a.ipynb"
    project.touch()
    registry.install(project, "a")
    project.unlink()
    DiskKernelRegistry(data=tmp_path / "data", python=tmp_path / "gone").setup()
    reasons = {kernel.name[:5]: kernel.stale for kernel in registry.kernels()}
    assert reasons["dep"] == f"its interpreter `{tmp_path / 'gone'}` no longer exists"
    assert reasons["dep-a"] == f"its project `{project}` no longer exists"


def test_remove_takes_one_away_and_names_what_there_is(registry: DiskKernelRegistry) -> None:
    kernel = registry.setup()
    with pytest.raises(DepError) as caught:
        registry.remove("python3")
    assert caught.value.code == "no-such-kernel"
    assert "`dep`" in str(caught.value.hint)
    assert registry.remove("dep") == kernel
    assert not kernel.folder.exists()
    with pytest.raises(DepError, match="has not registered a kernel `dep`"):
        registry.remove("dep")


@pytest.mark.parametrize("content", ['{"argv": ["x"], "display_name": "mine", "metadata": {}}', "{", None])
def test_a_kernel_of_another_tool_is_neither_overwritten_nor_removed(
    registry: DiskKernelRegistry, tmp_path: Path, content: str | None
) -> None:
    folder = tmp_path / "data" / "kernels" / "dep"
    folder.mkdir(parents=True)
    if content is not None:
        (folder / "kernel.json").write_text(content)
    with pytest.raises(DepError) as caught:
        registry.setup()
    assert caught.value.code == "kernel-name-taken"
    assert caught.value.hint
    assert registry.kernels() == ()
    with pytest.raises(DepError):
        registry.remove("dep")
    assert folder.exists()


def test_the_wheels_own_kernelspec_differs_by_its_provisioner_alone(registry: DiskKernelRegistry) -> None:
    shared = ROOT / "kernels" / "share" / "kernels" / "dep"
    shipped, written = spec(shared), spec(registry.setup().folder)
    assert shipped["metadata"].pop("kernel_provisioner") == {"provisioner_name": "jupyter-dep"}  # type: ignore[attr-defined]
    assert shipped["argv"].pop(0) == "python"  # type: ignore[attr-defined]
    del written["argv"][0]  # type: ignore[attr-defined]
    assert shipped == written
    assert (shared / "logo-svg.svg").read_bytes() == Path(kernelspecs.__file__).with_name("logo-svg.svg").read_bytes()


def test_the_pip_shim_can_be_run() -> None:
    if sys.platform != "win32":
        assert all(os.access(PIP_SHIM / name, os.X_OK) for name in ("pip", "pip3"))

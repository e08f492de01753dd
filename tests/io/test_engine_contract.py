"""What operations rely on in an engine, asked of the real one and of the fake that stands in for it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from support.fake_engine import Catalogue, FakeEngine
from support.index import Index
from support.notebooks import MINOR, block
from support.wheels import build_wheel

from jupyter_dep.base.engine_port import Engine, EngineAnswer, Install, LockRequest, Pin
from jupyter_dep.base.errors import ConflictError, DepError, IndexUnreachableError
from jupyter_dep.base.progress import CancelToken
from jupyter_dep.io.engine import runner
from jupyter_dep.io.engine.runner import EngineRunner
from jupyter_dep.io.engine.uv import Uv
from jupyter_dep.io.index.settings import IndexSettings
from jupyter_dep.io.python import venv_templates
from jupyter_dep.io.store import record_check, snapshots
from jupyter_dep.model.declaration import script_block
from jupyter_dep.model.lock import lockfile
from jupyter_dep.model.lock.compose import compose
from jupyter_dep.model.lock.graph import Graph, from_engine_tree
from jupyter_dep.model.lock.group_markers import KERNEL_GROUP
from jupyter_dep.model.lock.group_markers import from_engine_tree as from_tree
from jupyter_dep.model.lock.lockfile import Lock, LockTable
from jupyter_dep.model.lock.select import Artifact
from jupyter_dep.model.manifest import manifest

NEVER = Graph(edges={})


@dataclass(slots=True, kw_only=True)
class World:
    """An index, and engines of a user who has it; each has an empty cache."""

    index: Index
    root: Path
    make: Callable[[World], Engine]
    times: dict[str, str] = field(default_factory=dict)
    made: int = 0

    def engine(self) -> Engine:
        self.made += 1
        return self.make(self)

    def publish(self, name: str, version: str, *, upload_time: str, requires: tuple[str, ...] = ()) -> Path:
        path = build_wheel(self.index.folder, name, version, requires=requires)
        self.index.add(path, upload_time=upload_time)
        self.times[path.name] = upload_time
        return path

    def replace(self, name: str, version: str) -> None:
        """The index serves other bytes under the same file name."""
        self.index.add(build_wheel(self.root / "replaced", name, version, files={f"{name}/evil.py": ""}))

    def environment(self, name: str = "env") -> Path:
        """The python of a fresh environment."""
        return venv_templates.make(self.root / name, Path(sys.executable), self.root / "app-data")


def real(world: World) -> Engine:
    cache = world.root / f"cache{world.made}"
    return Uv(runner=EngineRunner(cache=cache, settings=IndexSettings(default=world.index.url), environ={}))


def fake(world: World) -> Engine:
    def catalogue() -> Catalogue:
        if world.index._server is None:
            raise ConnectionError
        return Catalogue.of_folders([world.root / "replaced", *world.index.folders], world.times)

    return FakeEngine(catalogue, world.index.url)


@pytest.fixture(params=[real, fake], ids=["uv", "fake"])
def world(request: pytest.FixtureRequest, toy_index: Index, tmp_path: Path) -> World:
    return World(index=toy_index, root=tmp_path, make=request.param)


def wanted(*names: str, **changes: object) -> LockRequest:
    made = LockRequest(declaration=script_block.parse(block(*names)), requires_python=f">={MINOR}", python=sys.executable)
    return replace(made, **changes)  # type: ignore[arg-type]


def read(answer: EngineAnswer) -> Lock:
    table = LockTable(notebook="n", python=MINOR, declaration={})
    return lockfile.read(compose(answer.pylock, NEVER, table), context={})


def versions(answer: EngineAnswer) -> dict[str, str]:
    return read(answer).versions()


def pins(world: World, **names: str) -> tuple[Pin, ...]:
    return tuple(Pin(name=name, version=version, index=world.index.url) for name, version in names.items())


def refused(kind: type[DepError], code: str, call: Callable[[], object]) -> DepError:
    with pytest.raises(kind) as caught:
        call()
    assert caught.value.code == code, caught.value
    assert caught.value.hint
    return caught.value


# Resolving


def test_the_newest_versions_with_all_that_they_need(world: World) -> None:
    assert versions(world.engine().lock(wanted("alpha"))) == {"alpha": "2.0", "beta": "2.0"}
    assert versions(world.engine().lock(wanted("alpha", "gamma"))) == {"alpha": "1.1", "gamma": "1.0"}


def test_the_kernels_requirements_are_part_of_it(world: World) -> None:
    answer = world.engine().lock(wanted("alpha", kernel=("ipykernel>=6.29",)))
    graph = from_engine_tree(answer.tree, kernel_group=KERNEL_GROUP)
    assert versions(answer) == {"alpha": "2.0", "beta": "2.0", "ipykernel": "7.1.0"}
    assert graph.roots == (("alpha", "2.0"),)
    assert graph.kernel_roots == (("ipykernel", "7.1.0"),)
    assert graph.edges == {("alpha", "2.0"): (("beta", "2.0"),), ("beta", "2.0"): (), ("ipykernel", "7.1.0"): ()}


def test_extras_and_groups_are_resolved_together_and_told_apart(world: World) -> None:
    declared = manifest.parse(
        '[project]\nname = "mine"\nversion = "1.0"\ndependencies = ["beta; sys_platform == \'win32\'"]\n'
        '[project.optional-dependencies]\nx = ["epsilon"]\n[dependency-groups]\ndocs = ["gamma", "beta<2"]\n'
    )
    asked = replace(wanted(), declaration=manifest.declaration(declared), kernel=("ipykernel",), project="mine", version="1.0")
    answer = world.engine().lock(asked)
    found = from_tree(answer.tree)
    assert versions(answer) == {"alpha": "1.1", "beta": "1.0", "epsilon": "1.0", "gamma": "1.0", "ipykernel": "7.1.0"}
    assert found.marker(("alpha", "1.1")) == "'docs' in dependency_groups"
    assert found.marker(("epsilon", "1.0")) == "'x' in extras"
    assert found.marker(("ipykernel", "7.1.0")) == "'jupyter-dep-kernel' in dependency_groups"
    assert found.marker(("beta", "1.0")).replace('"', "'") == "sys_platform == 'win32' or 'docs' in dependency_groups"


def test_parts_that_exclude_each_other_are_a_conflict(world: World) -> None:
    declared = manifest.parse('[dependency-groups]\na = ["alpha>=2"]\nb = ["alpha<2"]\n')
    asked = replace(wanted(), declaration=manifest.declaration(declared))
    error = refused(ConflictError, "conflict", lambda: world.engine().lock(asked))
    assert "`alpha>=2`" in error.message
    assert "`alpha<2`" in error.message


def test_every_platforms_files_are_locked_with_hash_size_and_time(world: World) -> None:
    (package,) = read(world.engine().lock(wanted("epsilon"))).packages
    assert package.index == world.index.url
    files = {wheel.filename: wheel for wheel in package.wheels or ()}
    assert set(files) == {f"epsilon-1.0-py3-none-{tag}.whl" for tag in ("win_amd64", "manylinux_2_17_x86_64")}
    for wheel in files.values():
        assert len(wheel.hashes["sha256"]) == 64
        assert wheel.size
        assert wheel.upload_time is not None
        assert wheel.url == f"{world.index.files_url}/{wheel.filename}"


def test_a_marker_binds_what_it_brings(world: World) -> None:
    lock = read(world.engine().lock(wanted("alpha ; sys_platform == 'win32'", "epsilon")))
    markers = {package.name: str(package.marker or "") for package in lock.packages}
    assert markers == {"alpha": 'sys_platform == "win32"', "beta": 'sys_platform == "win32"', "epsilon": ""}


def test_the_same_question_has_the_same_bytes_for_an_answer(world: World) -> None:
    answers = {
        world.engine().lock(wanted(*names)).pylock
        for names in (("alpha", "epsilon"), ("epsilon", "alpha"), ("alpha", "epsilon"))
    }
    assert len(answers) == 1


# Pins


def test_pins_are_kept_when_something_is_added(world: World) -> None:
    kept = pins(world, alpha="1.0")
    assert versions(world.engine().lock(wanted("alpha", "epsilon", pins=kept))) == {"alpha": "1.0", "epsilon": "1.0"}


def test_a_pin_that_fits_no_more_moves_alone(world: World) -> None:
    kept = pins(world, alpha="1.0", beta="1.0")
    assert versions(world.engine().lock(wanted("alpha==1.1", "beta", pins=kept))) == {"alpha": "1.1", "beta": "1.0"}


def test_a_pin_that_the_index_no_longer_has_is_no_obstacle(world: World) -> None:
    assert versions(world.engine().lock(wanted("beta", pins=pins(world, beta="1.5")))) == {"beta": "2.0"}


def test_a_pin_of_what_is_not_asked_for_is_left_out(world: World) -> None:
    assert versions(world.engine().lock(wanted("beta", pins=pins(world, alpha="1.0", beta="1.0")))) == {"beta": "1.0"}


@pytest.mark.parametrize(
    ("upgrade", "expected"),
    [
        (("beta",), {"alpha": "1.0", "beta": "2.0"}),
        (("alpha",), {"alpha": "2.0", "beta": "2.0"}),
        (True, {"alpha": "2.0", "beta": "2.0"}),
        (False, {"alpha": "1.0", "beta": "1.0"}),
    ],
)
def test_upgrading_moves_what_is_named(world: World, upgrade: bool | tuple[str, ...], expected: Mapping[str, str]) -> None:
    kept = pins(world, alpha="1.0", beta="1.0")
    assert versions(world.engine().lock(wanted("alpha", "beta", pins=kept, upgrade=upgrade))) == expected


# No answer


def test_a_conflict_names_what_is_asked(world: World) -> None:
    error = refused(ConflictError, "conflict", lambda: world.engine().lock(wanted("alpha>=2", "gamma")))
    assert "alpha>=2" in error.message
    assert "gamma" in error.message


def test_an_unknown_name_is_told(world: World) -> None:
    error = refused(IndexUnreachableError, "unknown-package", lambda: world.engine().lock(wanted("alpha", "nobody")))
    assert error.context["package"] == "nobody"


def test_a_version_that_nobody_has_is_told(world: World) -> None:
    error = refused(ConflictError, "no-such-version", lambda: world.engine().lock(wanted("alpha>=9")))
    assert error.context["package"] == "alpha"


def test_only_source_needs_a_build_which_is_not_done(world: World) -> None:
    error = refused(ConflictError, "needs-build", lambda: world.engine().lock(wanted("delta")))
    assert error.context["package"] == "delta"


def test_an_index_that_is_gone_is_told(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = runner.scrubbed  # it tries again for ten seconds otherwise
    monkeypatch.setattr(runner, "scrubbed", lambda *what: {**whole(*what), "UV_HTTP_RETRIES": "0"})
    engine = world.engine()
    world.index.stop()
    refused(IndexUnreachableError, "network", lambda: engine.lock(wanted("alpha")))


def test_a_cancelled_resolution_stops(world: World) -> None:
    cancel = CancelToken()
    cancel.set()
    world.index.delay("/simple/*", 30)
    refused(DepError, "cancelled", lambda: world.engine().lock(wanted("alpha"), cancel=cancel))


# Cutoff


def test_a_cutoff_hides_what_came_later(world: World) -> None:
    world.publish("beta", "3.0", upload_time="2026-06-01T00:00:00Z")
    assert versions(world.engine().lock(wanted("beta"))) == {"beta": "3.0"}
    assert versions(world.engine().lock(wanted("beta", cutoff="2026-06-01T00:00:01Z"))) == {"beta": "3.0"}
    assert versions(world.engine().lock(wanted("beta", cutoff="2026-05-31T23:59:59Z"))) == {"beta": "2.0"}


def test_a_cutoff_before_everything_is_told(world: World) -> None:
    early = wanted("beta", cutoff="2020-01-01T00:00:00Z")
    assert refused(ConflictError, "cutoff", lambda: world.engine().lock(early)).context["package"] == "beta"


# Consented builds


def test_a_permitted_source_is_locked_by_the_metadata_that_its_build_told(world: World) -> None:
    engine = world.engine()
    metadata = engine.built_metadata("delta", python=sys.executable)
    assert (metadata["name"], metadata["version"], metadata["requires-dist"]) == ("delta", "1.0", [])
    lock = read(engine.lock(wanted("delta", "beta", metadata=(metadata,), build=("delta",))))
    by_name = {package.name: package for package in lock.packages}
    assert by_name["delta"].sdist is not None
    assert by_name["beta"].wheels


# Vouching


def artifacts(world: World, *names: str) -> list[Artifact]:
    lock = read(world.engine().lock(wanted(*names)))
    found = []
    for package in lock.packages:
        (wheel,) = package.wheels or ()
        found.append(
            Artifact(
                name=package.name,
                version=str(package.version),
                kind="wheel",
                filename=wheel.filename,
                url=str(wheel.url),
                sha256=wheel.hashes["sha256"],
                size=wheel.size,
                index=package.index,
            )
        )
    return found


def test_a_file_of_the_same_name_and_hash_is_vouched_for_at_the_users_own_address(world: World) -> None:
    mine = artifacts(world, "alpha")
    foreign = [
        replace(item, url=f"https://stranger.example/{item.filename}", index="https://stranger.example") for item in mine
    ]
    assert world.engine().verify_against_index(foreign, python=sys.executable) == {item.name: item for item in mine}


def test_other_bytes_other_files_and_unknown_names_are_not_vouched_for(world: World) -> None:
    alpha, beta = artifacts(world, "alpha")
    strangers = [
        replace(alpha, sha256="0" * 64),
        beta,
        replace(alpha, name="nobody", filename="nobody-1.0-py3-none-any.whl", version="1.0"),
    ]
    assert world.engine().verify_against_index(strangers, python=sys.executable) == {"beta": beta}


def test_nothing_asked_nothing_vouched(world: World) -> None:
    assert world.engine().verify_against_index([], python=sys.executable) == {}


# Installing


def installed(python: Path) -> dict[str, str]:
    site = record_check.site_packages(python.parent.parent, MINOR, sys.platform)
    stems = [path.name.removesuffix(".dist-info") for path in site.glob("*.dist-info")]
    return dict(sorted(stem.rsplit("-", 1) for stem in stems))  # type: ignore[misc]


def test_what_is_installed_is_what_was_named(world: World) -> None:
    python = world.environment()
    root = python.parent.parent
    before = snapshots.take_snapshot(root).files
    found = artifacts(world, "alpha")
    world.engine().install(Install(artifacts=tuple(found), python=str(python), python_version=MINOR))
    assert installed(python) == {"alpha": "2.0", "beta": "2.0"}
    site = record_check.site_packages(root, MINOR, sys.platform)
    expected = record_check.Expected(before=before, packages={"alpha": "2.0", "beta": "2.0"}, own=("virtualenv",))
    record_check.check_environment(snapshots.take_snapshot(root).files, root, site, expected)


def test_only_what_was_named_is_installed_whatever_it_needs(world: World) -> None:
    python = world.environment()
    alpha, _ = artifacts(world, "alpha")
    world.engine().install(Install(artifacts=(alpha,), python=str(python), python_version=MINOR))
    assert installed(python) == {"alpha": "2.0"}


def test_a_file_with_another_hash_is_refused(world: World) -> None:
    python = world.environment()
    (beta,) = artifacts(world, "beta")
    other = Install(artifacts=(replace(beta, sha256="0" * 64),), python=str(python), python_version=MINOR)
    error = refused(DepError, "hash-mismatch", lambda: world.engine().install(other))
    assert "beta" in error.message
    assert installed(python) == {}


@pytest.mark.counts("network", "other bytes than were locked")
def test_a_file_that_the_index_replaced_is_refused(world: World) -> None:
    python = world.environment()
    (beta,) = artifacts(world, "beta")
    world.replace("beta", "2.0")
    again = Install(artifacts=(beta,), python=str(python), python_version=MINOR)
    refused(DepError, "hash-mismatch", lambda: world.engine().install(again))


def test_an_empty_environment_is_no_error(world: World) -> None:
    python = world.environment()
    world.engine().install(Install(artifacts=(), python=str(python), python_version=MINOR))
    assert installed(python) == {}


# Offline


def test_offline_without_a_cache_says_so(world: World) -> None:
    error = refused(IndexUnreachableError, "offline", lambda: world.engine().lock(wanted("alpha", offline=True)))
    assert "--offline" in str(error.hint)


def test_what_was_fetched_once_works_offline(world: World) -> None:
    engine = world.engine()
    lock = engine.lock(wanted("alpha"))
    (beta,) = artifacts(world, "beta")
    engine.install(Install(artifacts=(beta,), python=str(world.environment("one")), python_version=MINOR))
    world.index.stop()
    assert engine.lock(wanted("alpha", offline=True)).pylock == lock.pylock
    python = world.environment("two")
    engine.install(Install(artifacts=(beta,), python=str(python), python_version=MINOR, offline=True))
    assert installed(python) == {"beta": "2.0"}


def test_offline_files_that_were_never_fetched_are_told(world: World) -> None:
    (beta,) = artifacts(world, "beta")
    missing = Install(artifacts=(beta,), python=str(world.environment()), python_version=MINOR, offline=True)
    refused(IndexUnreachableError, "offline", lambda: world.engine().install(missing))


def test_the_engine_tells_its_version_and_index(world: World) -> None:
    assert world.engine().version()
    assert world.engine().default_index() == world.index.url

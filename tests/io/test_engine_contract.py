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
class EngineScenario:
    """An index, and engines of a user who has it; each has an empty cache."""

    index: Index
    root: Path
    make: Callable[[EngineScenario], Engine]
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


def real(scenario: EngineScenario) -> Engine:
    cache = scenario.root / f"cache{scenario.made}"
    return Uv(runner=EngineRunner(cache=cache, settings=IndexSettings(default=scenario.index.url), environ={}))


def fake(scenario: EngineScenario) -> Engine:
    def catalogue() -> Catalogue:
        if not scenario.index.running:
            raise ConnectionError
        return Catalogue.of_folders([scenario.root / "replaced", *scenario.index.folders], scenario.times)

    return FakeEngine(catalogue, scenario.index.url)


@pytest.fixture(params=[real, fake], ids=["uv", "fake"])
def scenario(request: pytest.FixtureRequest, toy_index: Index, tmp_path: Path) -> EngineScenario:
    return EngineScenario(index=toy_index, root=tmp_path, make=request.param)


def wanted(*names: str, **changes: object) -> LockRequest:
    made = LockRequest(declaration=script_block.parse(block(*names)), requires_python=f">={MINOR}", python=sys.executable)
    return replace(made, **changes)  # type: ignore[arg-type]


def read(answer: EngineAnswer) -> Lock:
    table = LockTable(notebook="n", python=MINOR, declaration={})
    return lockfile.read(compose(answer.pylock, NEVER, table), context={})


def versions(answer: EngineAnswer) -> dict[str, str]:
    return read(answer).versions()


def pins(scenario: EngineScenario, **names: str) -> tuple[Pin, ...]:
    return tuple(Pin(name=name, version=version, index=scenario.index.url) for name, version in names.items())


def refused(kind: type[DepError], code: str, call: Callable[[], object]) -> DepError:
    with pytest.raises(kind) as caught:
        call()
    assert caught.value.code == code, caught.value
    assert caught.value.hint
    return caught.value


# Resolving


def test_the_newest_versions_with_all_that_they_need(scenario: EngineScenario) -> None:
    assert versions(scenario.engine().lock(wanted("alpha"))) == {"alpha": "2.0", "beta": "2.0"}
    assert versions(scenario.engine().lock(wanted("alpha", "gamma"))) == {"alpha": "1.1", "gamma": "1.0"}


def test_the_kernels_requirements_are_part_of_it(scenario: EngineScenario) -> None:
    answer = scenario.engine().lock(wanted("alpha", kernel=("ipykernel>=6.29",)))
    graph = from_engine_tree(answer.tree, kernel_group=KERNEL_GROUP)
    assert versions(answer) == {"alpha": "2.0", "beta": "2.0", "ipykernel": "7.1.0"}
    assert graph.roots == (("alpha", "2.0"),)
    assert graph.kernel_roots == (("ipykernel", "7.1.0"),)
    assert graph.edges == {("alpha", "2.0"): (("beta", "2.0"),), ("beta", "2.0"): (), ("ipykernel", "7.1.0"): ()}


def test_extras_and_groups_are_resolved_together_and_told_apart(scenario: EngineScenario) -> None:
    declared = manifest.parse(
        '[project]\nname = "mine"\nversion = "1.0"\ndependencies = ["beta; sys_platform == \'win32\'"]\n'
        '[project.optional-dependencies]\nx = ["epsilon"]\n[dependency-groups]\ndocs = ["gamma", "beta<2"]\n'
    )
    asked = replace(wanted(), declaration=manifest.declaration(declared), kernel=("ipykernel",), project="mine", version="1.0")
    answer = scenario.engine().lock(asked)
    found = from_tree(answer.tree)
    assert versions(answer) == {"alpha": "1.1", "beta": "1.0", "epsilon": "1.0", "gamma": "1.0", "ipykernel": "7.1.0"}
    assert found.marker(("alpha", "1.1")) == "'docs' in dependency_groups"
    assert found.marker(("epsilon", "1.0")) == "'x' in extras"
    assert found.marker(("ipykernel", "7.1.0")) == "'jupyter-dep-kernel' in dependency_groups"
    assert found.marker(("beta", "1.0")).replace('"', "'") == "sys_platform == 'win32' or 'docs' in dependency_groups"


def test_parts_that_exclude_each_other_are_a_conflict(scenario: EngineScenario) -> None:
    declared = manifest.parse('[dependency-groups]\na = ["alpha>=2"]\nb = ["alpha<2"]\n')
    asked = replace(wanted(), declaration=manifest.declaration(declared))
    error = refused(ConflictError, "conflict", lambda: scenario.engine().lock(asked))
    assert "`alpha>=2`" in error.message
    assert "`alpha<2`" in error.message


def test_every_platforms_files_are_locked_with_hash_size_and_time(scenario: EngineScenario) -> None:
    (package,) = read(scenario.engine().lock(wanted("epsilon"))).packages
    assert package.index == scenario.index.url
    files = {wheel.filename: wheel for wheel in package.wheels or ()}
    assert set(files) == {f"epsilon-1.0-py3-none-{tag}.whl" for tag in ("win_amd64", "manylinux_2_17_x86_64")}
    for wheel in files.values():
        assert len(wheel.hashes["sha256"]) == 64
        assert wheel.size
        assert wheel.upload_time is not None
        assert wheel.url == f"{scenario.index.files_url}/{wheel.filename}"


def test_a_marker_binds_what_it_brings(scenario: EngineScenario) -> None:
    lock = read(scenario.engine().lock(wanted("alpha ; sys_platform == 'win32'", "epsilon")))
    markers = {package.name: str(package.marker or "") for package in lock.packages}
    assert markers == {"alpha": 'sys_platform == "win32"', "beta": 'sys_platform == "win32"', "epsilon": ""}


def test_the_same_question_has_the_same_bytes_for_an_answer(scenario: EngineScenario) -> None:
    answers = {
        scenario.engine().lock(wanted(*names)).pylock
        for names in (("alpha", "epsilon"), ("epsilon", "alpha"), ("alpha", "epsilon"))
    }
    assert len(answers) == 1


# Pins


def test_pins_are_kept_when_something_is_added(scenario: EngineScenario) -> None:
    kept = pins(scenario, alpha="1.0")
    assert versions(scenario.engine().lock(wanted("alpha", "epsilon", pins=kept))) == {"alpha": "1.0", "epsilon": "1.0"}


def test_a_pin_that_fits_no_more_moves_alone(scenario: EngineScenario) -> None:
    kept = pins(scenario, alpha="1.0", beta="1.0")
    assert versions(scenario.engine().lock(wanted("alpha==1.1", "beta", pins=kept))) == {"alpha": "1.1", "beta": "1.0"}


def test_a_pin_that_the_index_no_longer_has_is_no_obstacle(scenario: EngineScenario) -> None:
    assert versions(scenario.engine().lock(wanted("beta", pins=pins(scenario, beta="1.5")))) == {"beta": "2.0"}


def test_a_pin_of_what_is_not_asked_for_is_left_out(scenario: EngineScenario) -> None:
    assert versions(scenario.engine().lock(wanted("beta", pins=pins(scenario, alpha="1.0", beta="1.0")))) == {"beta": "1.0"}


@pytest.mark.parametrize(
    ("upgrade", "expected"),
    [
        (("beta",), {"alpha": "1.0", "beta": "2.0"}),
        (("alpha",), {"alpha": "2.0", "beta": "2.0"}),
        (True, {"alpha": "2.0", "beta": "2.0"}),
        (False, {"alpha": "1.0", "beta": "1.0"}),
    ],
)
def test_upgrading_moves_what_is_named(
    scenario: EngineScenario, upgrade: bool | tuple[str, ...], expected: Mapping[str, str]
) -> None:
    kept = pins(scenario, alpha="1.0", beta="1.0")
    assert versions(scenario.engine().lock(wanted("alpha", "beta", pins=kept, upgrade=upgrade))) == expected


# No answer


def test_a_conflict_names_what_is_asked(scenario: EngineScenario) -> None:
    error = refused(ConflictError, "conflict", lambda: scenario.engine().lock(wanted("alpha>=2", "gamma")))
    assert "alpha>=2" in error.message
    assert "gamma" in error.message


def test_an_unknown_name_is_told(scenario: EngineScenario) -> None:
    error = refused(IndexUnreachableError, "unknown-package", lambda: scenario.engine().lock(wanted("alpha", "nobody")))
    assert error.context["package"] == "nobody"


def test_a_version_that_nobody_has_is_told(scenario: EngineScenario) -> None:
    error = refused(ConflictError, "no-such-version", lambda: scenario.engine().lock(wanted("alpha>=9")))
    assert error.context["package"] == "alpha"


def test_only_source_needs_a_build_which_is_not_done(scenario: EngineScenario) -> None:
    error = refused(ConflictError, "needs-build", lambda: scenario.engine().lock(wanted("delta")))
    assert error.context["package"] == "delta"


def test_an_index_that_is_gone_is_told(scenario: EngineScenario, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = runner.scrubbed  # it tries again for ten seconds otherwise
    monkeypatch.setattr(runner, "scrubbed", lambda *what: {**whole(*what), "UV_HTTP_RETRIES": "0"})
    engine = scenario.engine()
    scenario.index.stop()
    refused(IndexUnreachableError, "network", lambda: engine.lock(wanted("alpha")))


def test_a_cancelled_resolution_stops(scenario: EngineScenario) -> None:
    cancel = CancelToken()
    cancel.set()
    scenario.index.delay("/simple/*", 30)
    refused(DepError, "cancelled", lambda: scenario.engine().lock(wanted("alpha"), cancel=cancel))


# Cutoff


def test_a_cutoff_hides_what_came_later(scenario: EngineScenario) -> None:
    scenario.publish("beta", "3.0", upload_time="2026-06-01T00:00:00Z")
    assert versions(scenario.engine().lock(wanted("beta"))) == {"beta": "3.0"}
    assert versions(scenario.engine().lock(wanted("beta", cutoff="2026-06-01T00:00:01Z"))) == {"beta": "3.0"}
    assert versions(scenario.engine().lock(wanted("beta", cutoff="2026-05-31T23:59:59Z"))) == {"beta": "2.0"}


def test_a_cutoff_before_everything_is_told(scenario: EngineScenario) -> None:
    early = wanted("beta", cutoff="2020-01-01T00:00:00Z")
    assert refused(ConflictError, "cutoff", lambda: scenario.engine().lock(early)).context["package"] == "beta"


# Consented builds


def test_a_permitted_source_is_locked_by_the_metadata_that_its_build_told(scenario: EngineScenario) -> None:
    engine = scenario.engine()
    metadata = engine.built_metadata("delta", python=sys.executable)
    assert (metadata["name"], metadata["version"], metadata["requires-dist"]) == ("delta", "1.0", [])
    lock = read(engine.lock(wanted("delta", "beta", metadata=(metadata,), build=("delta",))))
    by_name = {package.name: package for package in lock.packages}
    assert by_name["delta"].sdist is not None
    assert by_name["beta"].wheels


# Vouching


def artifacts(scenario: EngineScenario, *names: str) -> list[Artifact]:
    lock = read(scenario.engine().lock(wanted(*names)))
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


def test_a_file_of_the_same_name_and_hash_is_vouched_for_at_the_users_own_address(scenario: EngineScenario) -> None:
    mine = artifacts(scenario, "alpha")
    foreign = [
        replace(item, url=f"https://stranger.example/{item.filename}", index="https://stranger.example") for item in mine
    ]
    assert scenario.engine().verify_against_index(foreign, python=sys.executable) == {item.name: item for item in mine}


def test_other_bytes_other_files_and_unknown_names_are_not_vouched_for(scenario: EngineScenario) -> None:
    alpha, beta = artifacts(scenario, "alpha")
    strangers = [
        replace(alpha, sha256="0" * 64),
        beta,
        replace(alpha, name="nobody", filename="nobody-1.0-py3-none-any.whl", version="1.0"),
    ]
    assert scenario.engine().verify_against_index(strangers, python=sys.executable) == {"beta": beta}


def test_nothing_asked_nothing_vouched(scenario: EngineScenario) -> None:
    assert scenario.engine().verify_against_index([], python=sys.executable) == {}


# Installing


def installed(python: Path) -> dict[str, str]:
    site = record_check.site_packages(python.parent.parent, MINOR, sys.platform)
    stems = [path.name.removesuffix(".dist-info") for path in site.glob("*.dist-info")]
    return dict(sorted(stem.rsplit("-", 1) for stem in stems))  # type: ignore[misc]


def test_what_is_installed_is_what_was_named(scenario: EngineScenario) -> None:
    python = scenario.environment()
    root = python.parent.parent
    before = snapshots.take_snapshot(root).files
    found = artifacts(scenario, "alpha")
    scenario.engine().install(Install(artifacts=tuple(found), python=str(python), python_version=MINOR))
    assert installed(python) == {"alpha": "2.0", "beta": "2.0"}
    site = record_check.site_packages(root, MINOR, sys.platform)
    expected = record_check.Expected(before=before, packages={"alpha": "2.0", "beta": "2.0"}, own=("virtualenv",))
    record_check.check_environment(snapshots.take_snapshot(root).files, root, site, expected)


def test_only_what_was_named_is_installed_whatever_it_needs(scenario: EngineScenario) -> None:
    python = scenario.environment()
    alpha, _ = artifacts(scenario, "alpha")
    scenario.engine().install(Install(artifacts=(alpha,), python=str(python), python_version=MINOR))
    assert installed(python) == {"alpha": "2.0"}


def test_a_file_with_another_hash_is_refused(scenario: EngineScenario) -> None:
    python = scenario.environment()
    (beta,) = artifacts(scenario, "beta")
    other = Install(artifacts=(replace(beta, sha256="0" * 64),), python=str(python), python_version=MINOR)
    error = refused(DepError, "hash-mismatch", lambda: scenario.engine().install(other))
    assert "beta" in error.message
    assert installed(python) == {}


@pytest.mark.counts("network", "other bytes than were locked")
def test_a_file_that_the_index_replaced_is_refused(scenario: EngineScenario) -> None:
    python = scenario.environment()
    (beta,) = artifacts(scenario, "beta")
    scenario.replace("beta", "2.0")
    again = Install(artifacts=(beta,), python=str(python), python_version=MINOR)
    refused(DepError, "hash-mismatch", lambda: scenario.engine().install(again))


def test_an_empty_environment_is_no_error(scenario: EngineScenario) -> None:
    python = scenario.environment()
    scenario.engine().install(Install(artifacts=(), python=str(python), python_version=MINOR))
    assert installed(python) == {}


# Offline


def test_offline_without_a_cache_says_so(scenario: EngineScenario) -> None:
    error = refused(IndexUnreachableError, "offline", lambda: scenario.engine().lock(wanted("alpha", offline=True)))
    assert "--offline" in str(error.hint)


def test_what_was_fetched_once_works_offline(scenario: EngineScenario) -> None:
    engine = scenario.engine()
    lock = engine.lock(wanted("alpha"))
    (beta,) = artifacts(scenario, "beta")
    engine.install(Install(artifacts=(beta,), python=str(scenario.environment("one")), python_version=MINOR))
    scenario.index.stop()
    assert engine.lock(wanted("alpha", offline=True)).pylock == lock.pylock
    python = scenario.environment("two")
    engine.install(Install(artifacts=(beta,), python=str(python), python_version=MINOR, offline=True))
    assert installed(python) == {"beta": "2.0"}


def test_offline_files_that_were_never_fetched_are_told(scenario: EngineScenario) -> None:
    (beta,) = artifacts(scenario, "beta")
    missing = Install(artifacts=(beta,), python=str(scenario.environment()), python_version=MINOR, offline=True)
    refused(IndexUnreachableError, "offline", lambda: scenario.engine().install(missing))


def test_the_engine_tells_its_version_and_index(scenario: EngineScenario) -> None:
    assert scenario.engine().version()
    assert scenario.engine().default_index() == scenario.index.url

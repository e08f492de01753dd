"""The tests' own parts do what other tests rely on: an engine accepts them, faults are faults, canaries can sing."""

from __future__ import annotations

import http.client
import importlib.metadata
import json
import os
import subprocess
import sys
import time
import tomllib
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import uv as uv_package

from support import canary as birds
from support.canary import Canary
from support.index import JSON_TYPE, Index
from support.wheels import build_sdist, build_wheel, repack

UV = uv_package.find_uv_bin()


def run_uv(*arguments: str | Path, cwd: Path, **env: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("UV_", "PIP_", "PYTHON"))}
    settings = {"UV_CACHE_DIR": str(cwd / ".cache"), "UV_HTTP_RETRIES": "0", "NO_COLOR": "1"}
    return subprocess.run(
        [UV, *map(str, arguments), "--no-config", "--no-python-downloads"],
        cwd=cwd,
        env=kept | settings | env,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def lock(
    folder: Path, url: str, *dependencies: str, options: tuple[str, ...] = (), **env: str
) -> tuple[subprocess.CompletedProcess[str], dict[str, str]]:
    """Lock a project of `dependencies`; the engine's result and the versions by name."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "pyproject.toml").write_text(
        f'[project]\nname = "project"\nversion = "0"\nrequires-python = ">=3.11"\ndependencies = {json.dumps(dependencies)}\n'
    )
    done = run_uv("lock", "--python", sys.executable, "--default-index", url, *options, cwd=folder, **env)
    path = folder / "uv.lock"
    packages = tomllib.loads(path.read_text("utf-8"))["package"] if path.exists() else []
    return done, {package["name"]: package["version"] for package in packages if package["name"] != "project"}


def environment(folder: Path) -> Path:
    """A fresh environment without seeds; returns its interpreter."""
    done = run_uv("venv", "--python", sys.executable, folder / "env", cwd=folder)
    assert done.returncode == 0, done.stderr
    (python,) = (folder / "env").glob("bin/python" if os.name != "nt" else "Scripts/python.exe")
    return python


def install(folder: Path, *what: str | Path, options: tuple[str | Path, ...] = ("--no-index",)) -> Path:
    """Install into a fresh environment under `folder`; returns its interpreter."""
    python = environment(folder)
    done = run_uv("pip", "install", "--python", python, *options, *what, cwd=folder)
    assert done.returncode == 0, done.stderr
    return python


def get(index: Index, path: str, **headers: str) -> tuple[http.client.HTTPResponse, bytes]:
    connection = http.client.HTTPConnection(index.origin.removeprefix("http://"), timeout=10)
    try:
        connection.request("GET", path, headers=headers)
        response = connection.getresponse()
        return response, response.read()
    finally:
        connection.close()


# Wheels and sdists


def test_a_wheel_and_an_sdist_are_the_same_bytes_every_time(tmp_path: Path) -> None:
    for build in (build_wheel, build_sdist):
        first, second = (build(tmp_path / each, "alpha", "1.0", requires=["beta"]) for each in "ab")
        assert first.read_bytes() == second.read_bytes()
        assert first.read_bytes() != build(tmp_path / "c", "alpha", "1.0").read_bytes()


def test_hostile_member_names_stay_as_they_are(tmp_path: Path) -> None:
    wheel = build_wheel(tmp_path, "alpha", "1.0", files={"../../outside.txt": "", "evil.pth": ""})
    with zipfile.ZipFile(wheel) as archive:
        assert {"../../outside.txt", "evil.pth"} <= set(archive.namelist())


def test_extras_and_entry_points_arrive_in_the_environment(index: Index, tmp_path: Path) -> None:
    build_wheel(index.folder, "Beta.Two", "1.0")
    build_wheel(
        index.folder,
        "alpha",
        "1.0",
        extras={"more": ["beta-two>=1; python_version >= '3'"]},
        files={"alpha/__init__.py": "def main():\n    import beta_two\n    print(beta_two.__version__)\n"},
        entry_points="[console_scripts]\nalpha = alpha:main\n",
    )
    python = install(tmp_path, "alpha[more]", options=("--default-index", index.url))
    done = subprocess.run([python.with_name("alpha")], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "1.0", done.stderr


def test_an_sdist_builds_without_network_and_not_under_no_build(index: Index, tmp_path: Path) -> None:
    build_sdist(index.folder, "delta", "1.0", requires=["alpha"])
    build_wheel(index.folder, "alpha", "1.0")
    options = ("--default-index", index.url)
    python = install(tmp_path, "delta", options=options)
    done = subprocess.run([python, "-c", "import delta, alpha; print(delta.__version__)"], capture_output=True)
    assert done.stdout.strip() == b"1.0"
    refused = run_uv("pip", "install", "--python", python, "--no-build", "--reinstall", *options, "delta", cwd=tmp_path)
    assert refused.returncode == 1 and "building from source is disabled" in refused.stderr


def test_repacked_wheels_hold_what_is_installed(tmp_path: Path) -> None:
    wheel = repack("ipykernel", tmp_path)
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    version = importlib.metadata.version("ipykernel")
    assert wheel.name == f"ipykernel-{version}-py3-none-any.whl"
    assert any("/share/jupyter/kernels/python3/kernel.json" in name for name in names)
    assert not [name for name in names if name.endswith((".pyc", "INSTALLER")) or name.startswith("..")]
    written = wheel.stat().st_mtime_ns
    assert repack("ipykernel", tmp_path).stat().st_mtime_ns == written


def test_the_wheelhouse_installs_offline_and_runs_a_kernel(wheelhouse: Path, tmp_path: Path) -> None:
    python = install(tmp_path, "ipykernel", "ipywidgets", options=("--no-index", "--find-links", wheelhouse, "--no-build"))
    done = subprocess.run([python, "-m", "ipykernel", "--version"], capture_output=True, text=True, check=False)
    # What it prints is IPython's version: ipykernel has no answer of its own.
    assert done.stdout.strip() == importlib.metadata.version("ipython"), done.stderr


def test_the_real_kernel_packages_lock_for_every_platform(kernel_index: Index, tmp_path: Path) -> None:
    build_wheel(kernel_index.folder, "alpha", "1.0")
    done, versions = lock(tmp_path / "p", kernel_index.url, "ipykernel", "ipywidgets", "alpha", options=("--no-build",))
    assert done.returncode == 0, done.stderr
    assert versions["ipykernel"] == importlib.metadata.version("ipykernel")
    assert "colorama" in versions, "what only Windows needs has a stand-in"
    assert versions["alpha"] == "1.0"


# The index


def test_pages_say_the_same_in_json_and_html(index: Index) -> None:
    wheel = build_wheel(index.folder, "Some.Name", "1.0", requires_python=">=3.9")
    index.add(wheel, upload_time="2024-05-06T07:08:09Z", yanked="broken & withdrawn")
    _, body = get(index, "/simple/some-name/", Accept=JSON_TYPE)
    (file,) = json.loads(body)["files"]
    assert (file["requires-python"], file["yanked"]) == (">=3.9", "broken & withdrawn")
    assert (file["upload-time"], file["size"]) == ("2024-05-06T07:08:09Z", wheel.stat().st_size)
    assert file["url"] == f"{index.files_url}/some_name-1.0-py3-none-any.whl"
    response, page = get(index, "/simple/some-name/", Accept="text/html")
    assert response.getheader("Content-Type") == "text/html"
    assert f"#sha256={file['hashes']['sha256']}" in page.decode()
    assert 'data-requires-python="&gt;=3.9"' in page.decode()
    assert 'data-yanked="broken &amp; withdrawn"' in page.decode()
    assert b"some-name" in get(index, "/simple/")[1]
    assert json.loads(get(index, "/simple/", Accept=JSON_TYPE)[1])["projects"] == [{"name": "some-name"}]
    assert get(index, "/simple/other/")[0].status == 404


def test_requests_are_kept_with_their_host_and_headers(index: Index, mirror: Index) -> None:
    get(index, "/simple/alpha/", Accept=JSON_TYPE)
    (request,) = index.requests
    assert (request.method, request.path, request.headers["accept"]) == ("GET", "/simple/alpha/", JSON_TYPE)
    assert f"http://{request.host}" == index.origin != mirror.origin
    assert mirror.requests == []
    index.clear()
    assert index.requests == []


def test_parts_of_a_file_and_unchanged_files_are_not_sent_whole(index: Index) -> None:
    wheel = build_wheel(index.folder, "alpha", "1.0")
    content, path = wheel.read_bytes(), f"/files/{wheel.name}"
    for span, expected in [("2-5", content[2:6]), ("4-", content[4:]), ("-7", content[-7:])]:
        response, body = get(index, path, Range=f"bytes={span}")
        assert (response.status, body) == (206, expected)
    assert get(index, path, Range=f"bytes={len(content)}-")[0].status == 416
    response, _ = get(index, path)
    again, body = get(index, path, **{"If-None-Match": response.getheader("ETag") or ""})
    assert (again.status, body) == (304, b"")


def test_one_connection_carries_many_requests(index: Index) -> None:
    connection = http.client.HTTPConnection(index.origin.removeprefix("http://"), timeout=10)
    for _ in range(3):
        connection.request("GET", "/simple/")
        assert connection.getresponse().read()
        opened = connection.sock
    assert opened is connection.sock is not None
    connection.close()


def test_a_fault_hits_its_pattern_for_as_often_as_it_was_told(index: Index) -> None:
    build_wheel(index.folder, "alpha", "1.0")
    index.fail("/simple/al*", status=503, times=1)
    assert [get(index, path)[0].status for path in ("/simple/", "/simple/alpha/", "/simple/alpha/")] == [
        200,
        503,
        200,
    ]
    index.fail("*", status=500)
    assert get(index, "/simple/")[0].status == 500
    index.heal()
    assert get(index, "/simple/")[0].status == 200


def test_bodies_can_be_cut_flipped_slow_and_late(index: Index) -> None:
    wheel = build_wheel(index.folder, "alpha", "1.0")
    content, path = wheel.read_bytes(), f"/files/{wheel.name}"
    index.truncate(path, times=1)
    with pytest.raises(http.client.IncompleteRead):
        get(index, path)
    index.corrupt(path, times=1)
    flipped = get(index, path)[1]
    assert sum((ours ^ theirs).bit_count() for ours, theirs in zip(content, flipped, strict=True)) == 1
    index.trickle(path, bytes_per_second=len(content) * 4, times=1)
    index.delay("/simple/", 0.2, times=1)
    for slow in (path, "/simple/"):
        started = time.monotonic()
        get(index, slow)
        assert time.monotonic() - started >= 0.15
    assert get(index, path)[1] == content


def test_a_stopped_index_refuses_and_comes_back_on_its_port(index: Index) -> None:
    url = index.url
    index.delay("*", 60)
    held = http.client.HTTPConnection(index.origin.removeprefix("http://"), timeout=10)
    held.request("GET", "/simple/")
    index.stop()
    with pytest.raises(ConnectionRefusedError):
        get(index, "/simple/")
    with pytest.raises((http.client.HTTPException, ConnectionError)):
        held.getresponse()
    index.heal()
    index.start()
    assert index.url == url
    assert get(index, "/simple/")[0].status == 200


# What the engine makes of the index


def test_the_engine_resolves_the_toys(toy_index: Index, tmp_path: Path) -> None:
    done, versions = lock(tmp_path / "a", toy_index.url, "alpha", "epsilon", "ipykernel", options=("--no-build",))
    assert done.returncode == 0, done.stderr
    assert versions == {"alpha": "2.0", "beta": "2.0", "epsilon": "1.0", "ipykernel": "7.1.0"}
    done, versions = lock(tmp_path / "b", toy_index.url, "alpha>=2", "gamma")
    assert (done.returncode, versions) == (1, {})
    assert "gamma depend on alpha<2" in done.stderr
    done, versions = lock(tmp_path / "c", toy_index.url, "delta", options=("--no-build",))
    assert (done.returncode, versions) == (1, {})


def test_the_engine_downloads_no_wheel_to_resolve_unless_metadata_is_missing(toy_index: Index, tmp_path: Path) -> None:
    assert lock(tmp_path / "a", toy_index.url, "gamma")[0].returncode == 0
    assert toy_index.asked("*.metadata") and not toy_index.asked("*.whl")
    toy_index.without_metadata = True
    assert lock(tmp_path / "b", toy_index.url, "gamma")[0].returncode == 0
    assert any("range" in request.headers for request in toy_index.requests)


def test_the_engine_honours_upload_times(toy_index: Index, tmp_path: Path) -> None:
    late = build_wheel(toy_index.folder, "alpha", "3.0")
    toy_index.add(late, upload_time="2026-03-01T00:00:00Z")
    cutoff = ("--exclude-newer", "2026-02-01T00:00:00Z")
    assert lock(tmp_path / "a", toy_index.url, "alpha")[1]["alpha"] == "3.0"
    assert lock(tmp_path / "b", toy_index.url, "alpha", options=cutoff)[1]["alpha"] == "2.0"
    toy_index.without_upload_times = True
    done, versions = lock(tmp_path / "c", toy_index.url, "alpha", options=cutoff)
    assert (done.returncode, versions) == (1, {}) and "missing an upload date" in done.stderr


def test_the_engine_takes_the_same_hashes_from_a_mirror(toy_index: Index, toys: Path, tmp_path: Path) -> None:
    with Index(toys) as mirror:
        texts = []
        for each in (toy_index, mirror):
            folder = tmp_path / each.origin.rpartition(":")[2]
            assert lock(folder, each.url, "gamma")[0].returncode == 0
            texts.append((folder / "uv.lock").read_text("utf-8").replace(each.origin, "ORIGIN"))
        assert texts[0] == texts[1]


def test_the_engine_is_asked_for_credentials(toy_index: Index, tmp_path: Path) -> None:
    toy_index.require_auth("user", "secret")
    done, _ = lock(tmp_path / "a", toy_index.url, "beta")
    assert done.returncode == 1 and "401 Unauthorized" in done.stderr
    url = toy_index.url.replace("://", "://user:secret@")
    assert lock(tmp_path / "b", url, "beta")[1] == {"beta": "2.0"}


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (lambda index: index.fail("/simple/*", 503), "503 Service Unavailable"),
        (lambda index: index.fail("/files/*", 404), "404 Not Found"),
        (lambda index: index.truncate("/simple/*"), "end of file before message length reached"),
        (lambda index: index.redirect("/simple/*", "http://127.0.0.1:9{path}"), "Connection refused"),
        (lambda index: index.stop(), "Connection refused"),
    ],
    ids=["503", "no-file", "truncated", "redirected-away", "down"],
)
@pytest.mark.skipif(os.name == "nt", reason="Windows words a refused connection in the user's language")
def test_the_engine_tells_of_faults(toy_index: Index, tmp_path: Path, fault: Callable[[Index], None], words: str) -> None:
    fault(toy_index)
    done, versions = lock(tmp_path / "p", toy_index.url, "beta")
    assert done.returncode in (1, 2) and versions == {}
    assert words in done.stderr


def test_the_engine_refuses_a_flipped_bit_and_follows_a_redirect(index: Index, mirror: Index, tmp_path: Path) -> None:
    wheel = build_wheel(index.folder, "alpha", "1.0")
    options = ("--default-index", index.url)
    index.redirect("/files/*", f"{mirror.origin}{{path}}")
    python = install(tmp_path, "alpha", options=options)
    assert f"/files/{wheel.name}" in mirror.asked()
    index.heal()
    index.corrupt("*.whl")
    done = run_uv("pip", "install", "--python", python, "--no-cache", "--reinstall", *options, "alpha", cwd=tmp_path)
    assert done.returncode == 1 and "Failed to download `alpha==1.0`" in done.stderr


# Canaries: each must be able to sing, or a test that hears nothing proves nothing


@pytest.fixture
def canary(tmp_path: Path) -> Canary:
    return Canary(path=tmp_path / "canary.txt")


def test_a_pth_sings_at_a_start_and_not_at_installation(tmp_path: Path, canary: Canary) -> None:
    python = install(tmp_path, birds.pth_wheel(tmp_path / "w", canary))
    assert not canary.fired
    subprocess.run([python, "-I", "-c", ""], check=True)
    assert set(canary.voices) == {"pth"}
    canary.reset()
    subprocess.run([python, "-I", "-S", "-c", ""], check=True)
    assert not canary.fired


def test_a_setup_py_sings_when_its_metadata_is_asked_for(index: Index, tmp_path: Path, canary: Canary) -> None:
    birds.setup_sdist(index.folder, canary)
    assert lock(tmp_path / "a", index.url, "setupbird", options=("--no-build",))[0].returncode == 1
    assert not canary.fired
    assert lock(tmp_path / "b", index.url, "setupbird")[1] == {"setupbird": "1.0"}
    assert set(canary.voices) == {"setup.py"}


def test_a_backend_sings_when_it_builds(index: Index, tmp_path: Path, canary: Canary) -> None:
    birds.backend_sdist(index.folder, canary)
    assert lock(tmp_path / "p", index.url, "backendbird")[1] == {"backendbird": "1.0"}
    assert not canary.fired, "its metadata is reliable"
    install(tmp_path, "backendbird", options=("--default-index", index.url))
    assert set(canary.voices) == {"backend"}


def test_a_directory_sings_when_it_is_installed(tmp_path: Path, canary: Canary) -> None:
    install(tmp_path, birds.directory_project(tmp_path / "dirbird", canary))
    assert set(canary.voices) == {"directory"}


def test_a_data_wheel_overwrites_the_environment(tmp_path: Path) -> None:
    install(tmp_path, birds.data_wheel(tmp_path / "w"))
    assert {"pyvenv.cfg", "bin/activate"} <= set(birds.overwritten(tmp_path / "env"))


def test_a_kernel_wheel_adds_a_kernel_and_a_setting(tmp_path: Path, canary: Canary) -> None:
    install(tmp_path, birds.kernel_wheel(tmp_path / "w", canary))
    share = tmp_path / "env/share/jupyter/kernels/evil/kernel.json"
    kernel = json.loads(share.read_text("utf-8"))
    assert not canary.fired
    subprocess.run(kernel["argv"], check=True)
    assert canary.voices == ["kernel"]
    assert (tmp_path / "env/etc/jupyter/jupyter_server_config.d/kernelbird.json").exists()


def test_the_programs_of_a_trapped_folder_and_a_fake_keyring_sing(tmp_path: Path, canary: Canary) -> None:
    trap = birds.trapped_folder(tmp_path / "trap", canary)
    assert {".python-version", "uv.toml", ".venv"} <= {path.name for path in trap.iterdir()}
    assert not canary.fired
    run_uv("pip", "list", cwd=trap)
    assert "python" in canary.voices
    canary.reset()
    programs = birds.fake_keyring(tmp_path / "programs", canary)
    options = ("--keyring-provider", "subprocess")
    with Index(tmp_path / "guarded") as guarded:
        guarded.require_auth("user", "secret")
        url = guarded.url.replace("://", "://user@")
        path = os.pathsep.join((str(programs), os.environ["PATH"]))
        lock(tmp_path / "p", url, "alpha", options=options, PATH=path)
    assert "keyring" in canary.voices


def test_a_netrc_is_sent_to_its_host(toy_index: Index, tmp_path: Path) -> None:
    toy_index.require_auth("user", "secret")
    path = birds.netrc(tmp_path / "netrc", "127.0.0.1", "user", "secret")
    assert lock(tmp_path / "p", toy_index.url, "beta", NETRC=str(path))[1] == {"beta": "2.0"}


# The user


def test_a_user_home_keeps_nothing_of_this_user(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    foreign = {"UV_INDEX": "x", "PIP_INDEX_URL": "x", "VIRTUAL_ENV": "x", "PYTHONPATH": "x", "JUPYTER_PATH": "x"}
    for name, value in {**foreign, "SSL_CERT_FILE": "kept"}.items():
        monkeypatch.setenv(name, value)
    home: Path = request.getfixturevalue("user_home")
    assert not foreign.keys() & os.environ.keys()
    assert os.environ["SSL_CERT_FILE"] == "kept"
    assert Path.home() == home
    for name in ("XDG_DATA_HOME", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "APPDATA"):
        assert Path(os.environ[name]).is_relative_to(home)

"""Who reaches what: every method of every address against everybody who should not, and paths that lead elsewhere."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from jupyter_server.auth import Authorizer
from support.notebooks import block
from support.rest import Asker
from support.sandbox import UserSandbox

from jupyter_dep.base.errors import DepError
from jupyter_dep_server.api.routes import BASE, ROUTES
from jupyter_dep_server.state.paths import Root

ADDRESSES = [(route.method, route.path.replace("{name}", "alpha").replace("{id}", "0000"), route.action) for route in ROUTES]
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")


def query(address: str) -> dict[str, str]:
    return {"path": "n.ipynb", "q": "a"}


def body(address: str) -> Any:
    return {"path": "n.ipynb", "kind": "lock"}


class Denying(Authorizer):
    """Lets nobody do what is in `refused`, and notes what it was asked."""

    refused: tuple[str, ...] = ("read", "write", "execute")
    asked: list[tuple[str, str]] = []  # noqa: RUF012

    def is_authorized(self, handler: Any, user: Any, action: str, resource: str) -> bool:
        if resource == BASE:
            self.asked.append((action, resource))
        return resource != BASE or action not in self.refused


@pytest.fixture
def one_notebook(rest_sandbox: UserSandbox) -> dict[str, bytes]:
    rest_sandbox.notebook("alpha", name="n")
    return rest_sandbox.listing()


@pytest.mark.counts("load", "who may ask")
@pytest.mark.usefixtures("one_notebook")
async def test_nobody_reaches_anything_without_a_sign_in(rest: Asker) -> None:
    paths = {address for _, address, _ in ADDRESSES} | {"no/such", ""}
    for address in sorted(paths):
        for method in METHODS:
            answer = await rest.ask(
                method, address, body=body(address) if method in ("POST", "PUT", "PATCH") else None, anonymous=True,
                **query(address),
            )  # fmt: skip
            assert answer.status == 403, (method, address, answer)
            if method != "HEAD":
                assert answer.code == "forbidden"
                assert answer.body["hint"]
    assert (await rest.get("jobs"))["jobs"] == []


@pytest.mark.counts("load", "who may ask")
@pytest.mark.usefixtures("one_notebook")
async def test_a_wrong_token_is_nobody(rest: Asker) -> None:
    for method, address, _ in ADDRESSES:
        sent = body(address) if method == "POST" else None
        headers = {"Authorization": "token wrong"}
        answer = await rest.ask(method, address, body=sent, anonymous=True, headers=headers, **query(address))
        assert (answer.status, answer.code) == (403, "forbidden"), (method, address, answer)


@pytest.mark.counts("load", "the positive control")
@pytest.mark.usefixtures("one_notebook")
async def test_the_token_reaches_every_address(rest: Asker) -> None:
    for method, address, _ in ADDRESSES:
        sent = body(address) if method == "POST" else None
        answer = await rest.ask(method, address, body=sent, **query(address))
        assert (answer.status != 403 and answer.status < 500) or address == "packages/alpha", (method, address, answer)


@pytest.mark.counts("load", "who may ask")
@pytest.mark.usefixtures("one_notebook")
async def test_a_cookie_without_the_xsrf_word_changes_nothing(rest: Asker) -> None:
    cookies = await signed_in(rest)
    for method, address, _ in ADDRESSES:
        sent = body(address) if method == "POST" else None
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())}
        answer = await rest.ask(method, address, body=sent, anonymous=True, headers=headers, **query(address))
        if method == "GET":
            assert answer.status != 403 or address.startswith("packages/"), (method, address, answer)
        else:
            assert (answer.status, answer.code) == (403, "forbidden"), (method, address, answer)
            with_word = headers | {"X-XSRFToken": cookies["_xsrf"]}
            let = await rest.ask(method, address, body=sent, anonymous=True, headers=with_word, **query(address))
            assert let.status not in (403, 500), (method, address, let)


async def signed_in(rest: Asker) -> dict[str, str]:
    """A browser's cookies after the page was opened with the token."""
    token = rest.headers["Authorization"].split()[1]
    found = {}
    response = await rest.client.fetch(rest.base + f"api/me?token={token}", raise_error=False)
    page = await rest.client.fetch(rest.base + "login", raise_error=False)
    for line in (*response.headers.get_list("Set-Cookie"), *page.headers.get_list("Set-Cookie")):
        name, _, rest_of = line.partition("=")
        found[name] = rest_of.partition(";")[0]
    assert "_xsrf" in found, found
    assert len(found) >= 2, found
    return found


class TestWithAnAuthorizer:
    @pytest.fixture
    def jp_server_config(self) -> dict[str, Any]:
        extensions = {"jupyter_dep_server": True, "jupyter_server_terminals": False}
        return {"ServerApp": {"jpserver_extensions": extensions, "authorizer_class": Denying}}

    @pytest.fixture(autouse=True)
    def fresh(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(Denying, "asked", [])

    @pytest.mark.counts("load", "who may ask")
    @pytest.mark.usefixtures("one_notebook")
    async def test_that_denies_all_nothing_is_reached(self, rest: Asker) -> None:
        for method, address, _ in ADDRESSES:
            sent = body(address) if method == "POST" else None
            answer = await rest.ask(method, address, body=sent, **query(address))
            assert (answer.status, answer.code) == (403, "forbidden"), (method, address, answer)
        assert set(Denying.asked) == {(action, BASE) for _, _, action in ADDRESSES}

    @pytest.mark.counts("load", "who may ask")
    @pytest.mark.usefixtures("one_notebook")
    async def test_that_lets_somebody_read_they_read_and_no_more(self, rest: Asker, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(Denying, "refused", ("write", "execute"))
        assert (await rest.get("about"))["allowed"] is False
        for method, address, action in ADDRESSES:
            sent = body(address) if method == "POST" else None
            answer = await rest.ask(method, address, body=sent, **query(address))
            assert (answer.status == 403) == (action != "read"), (method, address, answer)

    @pytest.mark.counts("load", "who may ask")
    @pytest.mark.usefixtures("one_notebook")
    async def test_that_lets_somebody_write_they_install_nothing(self, rest: Asker, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(Denying, "refused", ("execute",))
        answer = await rest.ask("POST", "jobs", body=body("jobs"))
        assert (answer.status, answer.code) == (403, "forbidden")


@pytest.mark.counts("load", "who may ask")
def test_work_that_installs_packages_is_asked_for_as_execution() -> None:
    actions = {(route.method, route.path): route.action for route in ROUTES}
    assert {action for (method, _), action in actions.items() if method == "GET"} == {"read"}
    assert actions[("POST", "jobs")] == actions[("POST", "consent/nonce")] == "execute"
    assert all(action != "read" for (method, _), action in actions.items() if method != "GET")


@pytest.mark.counts("load", "who may ask")
@pytest.mark.usefixtures("one_notebook")
async def test_a_foreign_host_is_refused(rest: Asker) -> None:
    for method, address, _ in ADDRESSES:
        sent = body(address) if method == "POST" else None
        answer = await rest.ask(method, address, body=sent, headers={"Host": "evil.example"}, **query(address))
        assert answer.status == 403, (method, address, answer)


@pytest.mark.counts("load", "who may ask")
@pytest.mark.usefixtures("one_notebook")
async def test_another_sites_page_with_the_cookie_is_refused(rest: Asker) -> None:
    cookies = await signed_in(rest)
    headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items()), "Origin": "http://evil.example"}
    for method, address, _ in ADDRESSES:
        sent = body(address) if method == "POST" else None
        answer = await rest.ask(method, address, body=sent, anonymous=True, headers=headers, **query(address))
        assert answer.status in (403, 404), (method, address, answer)


# paths


@pytest.fixture
def around(rest_sandbox: UserSandbox) -> Path:
    """The server's folder, with files that no path may reach."""
    root = rest_sandbox.folder
    evil = root.with_name(root.name + "-evil")
    for folder in (evil, root / ".hidden", root / "sub", root.parent / "outside"):
        folder.mkdir()
        (folder / "n.ipynb").write_bytes(rest_sandbox.notebook("alpha", name="template").read_bytes())
    (root / "template.ipynb").unlink()
    (root / "linked.ipynb").symlink_to(root.parent / "outside" / "n.ipynb")
    (root / "folder").symlink_to(root.parent / "outside")
    (root / "dots").symlink_to(root / ".hidden")
    (root / "inside").symlink_to(root / "sub")
    (root / "loop").symlink_to(root / "loop")
    (root / ".hidden.ipynb").write_bytes((evil / "n.ipynb").read_bytes())
    (root / "notes.txt").write_text("no notebook")
    return root


REFUSED = {
    "": "bad-path",
    "../outside/n.ipynb": "bad-path",
    "sub/../../outside/n.ipynb": "bad-path",
    "sub/../sub/n.ipynb": "bad-path",
    "./sub/n.ipynb": "bad-path",
    "sub//n.ipynb": "bad-path",
    "/sub/n.ipynb": "bad-path",
    "sub/n.ipynb\0": "bad-path",
    "sub/n.ipynb\n": "bad-path",
    "a/" * 1200 + "n.ipynb": "bad-request",
    ".hidden/n.ipynb": "hidden-path",
    ".hidden.ipynb": "hidden-path",
    "dots/n.ipynb": "hidden-path",
    "linked.ipynb": "outside-root",
    "folder/n.ipynb": "outside-root",
    "folder/new.ipynb": "outside-root",
    "notes.txt": "not-a-notebook-name",
    "sub": "not-a-notebook-name",
    "sub/": "bad-path",
    "loop/n.ipynb": "no-such-notebook",
    "../work-evil/n.ipynb": "bad-path",
    "sub\\..\\n.ipynb": "no-such-notebook",
}


@pytest.mark.counts("load", "paths out of the root")
@pytest.mark.usefixtures("around")
async def test_paths_out_of_the_root_are_refused_everywhere(rest: Asker) -> None:
    for path, code in REFUSED.items():
        for method, address in (("GET", "projects"), ("GET", "projects/graph"), ("GET", "consent"), ("DELETE", "consent")):
            answer = await rest.ask(method, address, path=path)
            assert answer.code in (code, "system"), (path, answer)
            assert answer.status in (404, 422) or code == "bad-request", (path, answer)
        if code not in ("no-such-notebook", "bad-request"):
            for address in ("jobs", "consent/nonce"):
                answer = await rest.ask("POST", address, body={"kind": "lock", "path": path})
                assert (answer.status, answer.code) == (404, code), (path, answer)


@pytest.mark.counts("load", "paths out of the root")
@pytest.mark.usefixtures("around")
async def test_an_absolute_path_is_refused(rest: Asker, rest_sandbox: UserSandbox) -> None:
    for path in (str(rest_sandbox.folder / "sub" / "n.ipynb"), str(rest_sandbox.folder.parent / "outside" / "n.ipynb")):
        assert (await rest.ask("GET", "projects", path=path)).code == "bad-path"


@pytest.mark.usefixtures("around")
async def test_a_link_within_the_root_is_followed(rest: Asker) -> None:
    assert (await rest.get("projects", path="inside/n.ipynb"))["state"] == "unlocked"


@pytest.mark.counts("load", "paths out of the root")
async def test_a_lock_that_is_a_link_out_of_the_root_is_not_read(
    rest: Asker, rest_sandbox: UserSandbox, tmp_path: Path
) -> None:
    rest_sandbox.notebook("alpha", name="n")
    secret = tmp_path / "secret.toml"
    secret.write_text("the-secret = [")
    (rest_sandbox.folder / "pylock.n.toml").symlink_to(secret)
    answer = await rest.ask("GET", "projects", path="n.ipynb")
    assert (answer.status, answer.code) == (404, "outside-root")
    assert "secret" not in str(answer.body["message"])


@pytest.mark.counts("load", "paths out of the root")
async def test_an_encoded_path_is_decoded_once(rest: Asker, rest_sandbox: UserSandbox) -> None:
    rest_sandbox.notebook("alpha", name="a%2Fb c#?")
    assert (await rest.get("projects", path="a%2Fb c#?.ipynb"))["name"] == "a%2Fb c#?.ipynb"
    twice = quote(quote("../outside/n.ipynb", safe=""))
    assert (await rest.ask("GET", "projects", path=twice)).code in ("hidden-path", "no-such-notebook")


def test_a_root_that_is_a_link_itself_or_the_whole_disk(tmp_path: Path) -> None:
    real = tmp_path / "real"
    real.mkdir()
    (real / "n.ipynb").write_text(block("alpha"))
    link = tmp_path / "link"
    link.symlink_to(real)
    assert Root(folder=link).notebook("n.ipynb") == link / "n.ipynb"
    assert Root(folder=link).relative(real / "n.ipynb") == Root(folder=link).relative(link / "n.ipynb") == "n.ipynb"
    assert Root(folder=link).relative(tmp_path / "link-evil" / "n.ipynb") is None
    whole = Root(folder=Path(os.sep), hidden=True)
    assert whole.notebook(str(real / "n.ipynb").lstrip(os.sep)) == real / "n.ipynb"


def test_hidden_files_are_served_where_the_contents_api_does(tmp_path: Path) -> None:
    assert Root(folder=tmp_path, hidden=True).notebook(".h/n.ipynb") == tmp_path / ".h" / "n.ipynb"
    with pytest.raises(DepError) as caught:
        Root(folder=tmp_path).notebook(".h/n.ipynb")
    assert caught.value.code == "hidden-path"

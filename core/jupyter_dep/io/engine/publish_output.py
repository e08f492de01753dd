"""Parse the output of `uv publish` as progress and as errors, with credentials redacted."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Sequence
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import quote, quote_plus, urlsplit

from jupyter_dep.base.engine_port import Upload
from jupyter_dep.base.errors import DepError, IndexUnreachableError
from jupyter_dep.base.progress import Progress, Reporter
from jupyter_dep.base.steps import Hint, Placeholder, map_text, step
from jupyter_dep.io.index.settings import redact
from jupyter_dep.io.system.process import Completed

from . import errors

_UPLOADING = re.compile(r"^Uploading (\S+) ")
_THERE = re.compile(r"^File (\S+) already exists, skipping")
_OTHER = re.compile(r"Local file and index file do not match for `([^`]+)`")
_STATUS = re.compile(r"Server returned status code (\d{3}) ?([^.\n]*)\. ?(?:Server says: ?(.*))?", re.DOTALL)
_MINTED = re.compile(r"::add-mask::(\S+)")
"""How the engine names a secret that it made itself to a build service."""
_FAILED = re.compile(r"Failed to publish `([^`]+)`")
_EXISTS = re.compile(
    r"already exists|already been uploaded|does not allow (?:overwrit|updat)|overwrite (?:is )?not", re.IGNORECASE
)
_NAME = re.compile(
    r"isn't allowed to upload to project|not allowed to upload|too similar|prohibited|name .{0,80}(?:reserved|isn't allowed|"
    r"is not allowed|conflicts|invalid)",
    re.IGNORECASE | re.DOTALL,
)


class UploadProgress:
    """Follow the engine's lines: files `started`, in order, already `present`, or there with `different` content."""

    def __init__(self, files: int, reporter: Reporter) -> None:
        self.started: list[str] = []
        self.present: list[str] = []
        self.different: list[str] = []
        self._files = files
        self._reporter = reporter

    def __call__(self, line: str) -> None:
        """Read one line of stderr."""
        if match := _THERE.match(line):
            self.present.append(match[1])
        elif match := _OTHER.search(line):
            self.different.append(Path(match[1]).name)
        elif match := _UPLOADING.match(line):
            if match[1] not in self.started:
                self.started.append(match[1])
            done = len(self.started) - 1 + len(self.present)
            self._reporter(Progress(phase="running", detail=f"uploading {match[1]}", done=done, total=self._files))


def mask_credentials(text: str, upload: Upload, minted: Sequence[str] = ()) -> str:
    """Replace the upload's credentials in a text, in every form in which they travel; `minted` are further secrets."""
    secrets = {*minted, upload.password} - {""}
    checked = urlsplit(upload.check or "")
    netloc = checked.netloc.rpartition("@")[0]
    secrets |= {part for part in (netloc, netloc.partition(":")[2]) if part}
    if upload.password:
        pair = f"{upload.username}:{upload.password}"
        secrets.add(base64.b64encode(pair.encode()).decode())
    forms = {form for secret in secrets for form in (secret, quote(secret, safe=""), quote_plus(secret))}
    for form in sorted(forms, key=len, reverse=True):
        text = text.replace(form, "***")
    return text


def explain(done: Completed, upload: Upload, progress: UploadProgress) -> DepError:
    """Give the error of an upload that ended early: which file, what the server said, and how many files are up by now.

    Codes: `version-exists`, `name-refused`, `upload-refused`, `publish-credentials`, `upload-redirected`,
    `trusted-publishing`, and those of the network.
    """
    stderr, minted = done.stderr, _MINTED.findall(done.stdout)
    file = Path(found[1]).name if (found := _FAILED.search(stderr)) else progress.started[-1] if progress.started else ""
    error = _classify(stderr, upload, file)
    message, hint, context = error.message, error.hint, error.context
    present = [name for name in progress.started if name != file] + progress.present
    if present and error.code != "version-exists":
        message += f"; {len(present)} of {len(upload.files)} files are on the index"
        hint = Hint(hint, "; run the same again to upload the rest")
    hint = map_text(hint, lambda text: mask_credentials(text, upload, minted))
    kind: Callable[..., DepError] = type(error)
    return kind(error.code, mask_credentials(message, upload, minted), hint=hint, context=context)


def _classify(said: str, upload: Upload, file: str) -> DepError:
    place = shown(upload)
    context: dict[str, str | int] = {"artifact": file} if file else {}
    if _OTHER.search(said):
        return other_content(file or _OTHER.findall(said)[0])
    if "Missing credentials" in said:
        return _credentials(place, "requires credentials, and none are configured", context)
    if "token for trusted publishing" in said or "No OIDC token" in said:
        return IndexUnreachableError(
            "trusted-publishing",
            f"{place} rejected the trusted-publishing token: {_last_line(said)}",
            hint="allow the service to issue identity tokens (`id-token: write`), and add it as a publisher in the project's "
            "settings at the index",
            context=context,
        )
    if "not in the same realm" in said or "Request was redirected" in said:
        return IndexUnreachableError(
            "upload-redirected",
            f"{place} redirects uploads to another address, and credentials do not follow a redirect",
            hint="check for a network login page in between; else give the address that accepts uploads itself: "
            "`--repository URL`",
            context=context,
        )
    match = _STATUS.search(said)
    if match is None:
        return errors.explain(said, doing="publish")
    return _explain_status(int(match[1]), f"{match[1]} {match[2]}".strip(), plain(match[3] or ""), place, file, context)


def _explain_status(status: int, line: str, words: str, place: str, file: str, context: dict[str, str | int]) -> DepError:
    answer_text = f": {words}" if words else ""
    if status == 409 or (status in (400, 403) and _EXISTS.search(words)):
        return other_content(file)
    if status in (400, 403) and _NAME.search(words):
        return DepError(
            "name-refused",
            f"{place} does not let you publish under this name{answer_text}",
            hint="if the project is yours, use the credentials of an account that may publish it; else choose another "
            "`name` in `[project]`",
            context=context,
        )
    if status in (401, 403):
        return _credentials(place, f"refused your credentials ({line}){answer_text}", context)
    if status >= 500 or status in (408, 425, 429):
        return IndexUnreachableError(
            "index-failed",
            f"{place} answered {line}",
            hint="the index returned a server error; try again later",
            context=context,
        )
    return DepError(
        "upload-refused",
        f"{place} refused `{file}` ({line}){answer_text}",
        hint=Hint("correct what it names, ", step("build"), ", then publish again"),
        context=context,
    )


def other_content(file: str) -> DepError:
    """Give the error of a version that the index has with other content."""
    return DepError(
        "version-exists",
        f"the index has `{file}` already, and what is published is never changed",
        hint=Hint("raise the version with ", step("version", "patch"), ", then ", step("build")),
        context={"artifact": file},
    )


def _credentials(place: str, what: str, context: dict[str, str | int]) -> IndexUnreachableError:
    return IndexUnreachableError(
        "publish-credentials",
        f"{place} {what}",
        hint=Hint(
            "give a token in `JUPYTER_DEP_PUBLISH_TOKEN` (or `JUPYTER_DEP_PUBLISH_USERNAME` and `…_PASSWORD`), or keep it ",
            "in your own configuration: ",
            step("config", Placeholder(name="repositories.NAME.token"), "--stdin", target=None),
        ),
        context=context,
    )


def shown(upload: Upload) -> str:
    """Give an upload's address as it may be printed."""
    return f"`{redact(upload.url)}`" if upload.url else "the package index"


def plain(answer: str, most: int = 400) -> str:
    """Give a server's answer as one line: of a web page its text, without head and style."""
    text = answer
    if "<" in answer and re.search(r"<(?:!doctype|html|body|h1|p)\b", answer, re.IGNORECASE):
        page = _Page()
        page.feed(answer)
        text = " ".join(page.words)
    text = re.sub(r"\s+", " ", text).strip()
    return text if len(text) <= most else text[:most] + "…"


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self._hidden += tag in ("head", "style", "script")

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in ("head", "style", "script") and self._hidden > 0

    def handle_data(self, data: str) -> None:
        if not self._hidden and data.strip():
            self.words.append(data.strip())


def _last_line(said: str) -> str:
    lines = [line.strip().removeprefix("cause: ") for line in said.splitlines() if line.strip()]
    return lines[-1] if lines else "(no output)"

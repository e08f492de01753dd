"""Parse one install command as people type and paste it: `pip install …` and those of other installers.

The magics and the page have parsers of their own; `tests/data/install_lines.json` holds all three to one behaviour.
"""

from __future__ import annotations

import re
import shlex

from jupyter_dep.base.fast_dataclass import frozen_dataclass

NAME = r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?"

_COMMAND = re.compile(
    r"""[$>!%\s]*
    (?:(?:[A-Za-z_]\w*=\S*|sudo|env|command|exec|time|nohup|call)\s+(?:-\S+\s+)*)*
    (?:(?:["']?\{?sys\.executable\}?["']?|(?:\S*[/\\])?(?:python|pypy|py)[\d.]*w?(?:\.exe)?)\s+(?:-\S+\s+)*?-m\s+)?
    (?:
        (?:(?:\S*[/\\])?uv(?:\.exe)?\s+)?(?:\S*[/\\])?(?P<pip>pip)[\d.]*(?:\.exe)?\s+(?:-\S+\s+)*install
        | (?:\S*[/\\])?(?P<uv>uv)(?:\.exe)?\s+(?:-\S+\s+)*add
        | (?:\S*[/\\])?(?P<conda>conda|mamba|micromamba|pixi)\s+(?:-\S+\s+)*(?:install|add)
        | (?P<other>poetry|pdm|pipenv|rye|juv|dep|jupyter[ -]dep)\s+(?:-\S+\s+)*(?:install|add)
    )(?:\s+(?P<arguments>.*))?""",
    re.VERBOSE | re.DOTALL,
)
_COMMENT = re.compile(r"(?:^|\s+)#.*$", re.MULTILINE)
_REDIRECT = re.compile(r"(?:\d|&)?>>?&?(?P<target>.*)")
_OPERATORS = {"&&", "||", "|", "&", ";"}
_WINDOWS_PATH = re.compile(r"\\(?=\w)")
_REQUIREMENT = re.compile(rf"{NAME}\s*(?:$|[\[(<>=!~;@])")
_FILE = re.compile(r"\.(?:whl|tar\.gz|zip|txt|toml|in|ya?ml|ipynb)$", re.IGNORECASE)
_SHORT_WITH_VALUE = re.compile(r"(-[rceift])(?=[^-=])(.+)")

WITH_VALUE = frozenset(
    {
        *("-r", "-c", "-e", "-i", "-f", "-t", "-b", "-C", "-p", "-P", "-n", "-G", "-E"),
        *("--requirement", "--requirements", "--constraint", "--constraints", "--editable", "--file"),
        *("--index", "--index-url", "--index-strategy", "--extra-index-url", "--default-index", "--find-links"),
        *("--target", "--build", "--src", "--root", "--prefix", "--platform", "--implementation", "--abi"),
        *("--python", "--python-version", "--python-platform", "--upgrade-strategy", "--upgrade-package"),
        *("--no-binary", "--only-binary", "--config-setting", "--config-settings", "--global-option", "--report"),
        *("--progress-bar", "--root-user-action", "--log", "--proxy", "--retries", "--timeout", "--exists-action"),
        *("--trusted-host", "--allow-insecure-host", "--cert", "--client-cert", "--cache-dir", "--use-feature"),
        *("--use-deprecated", "--keyring-provider", "--group", "--hash", "--exclude-newer", "--resolution"),
        *("--prerelease", "--override", "--overrides", "--build-constraint", "--build-constraints"),
        *("--reinstall-package", "--refresh-package", "--link-mode", "--extra", "--directory", "--project", "--color"),
        *("--name", "--channel", "--source", "--feature"),
    }
)
"""Options whose value is the next word."""

CONDA_NAMES = {
    "matplotlib-base": "matplotlib",
    "msgpack-python": "msgpack",
    "opencv": "opencv-python",
    "py-opencv": "opencv-python",
    "py-xgboost": "xgboost",
    "pytables": "tables",
    "pytorch": "torch",
    "seaborn-base": "seaborn",
}
"""What conda calls differently; under some of these names an index has something else."""


@frozen_dataclass
class InstallCommand:
    """The words of an install command.

    `installer` is `pip` (uv's own `pip` too), `uv`, `conda` for conda's kind, or `other`. `requirements` begin with a name, and
    are not parsed further. `others` are files, folders, URLs and variables. `options` stand as written, each with its value
    after a space.
    """

    installer: str
    requirements: tuple[str, ...]
    others: tuple[str, ...] = ()
    options: tuple[str, ...] = ()

    @property
    def operands(self) -> tuple[str, ...]:
        """Everything that is to be installed."""
        return (*self.requirements, *self.others)

    @property
    def option_names(self) -> tuple[str, ...]:
        """The options without their values."""
        return tuple(option_name(option) for option in self.options)


def parse_install_command(line: str) -> InstallCommand | None:
    """The install command in one logical line, None for any other text. The line ends at `;`, `&&`, `|` or a comment."""
    match = _COMMAND.fullmatch(line)
    if match is None:
        return None
    installer = next(kind for kind in ("pip", "uv", "conda", "other") if match[kind])
    words = iter(_split_words(match["arguments"] or ""))
    requirements: list[str] = []
    others: list[str] = []
    options: list[str] = []
    for word in words:
        redirect = _REDIRECT.fullmatch(word)
        if word in _OPERATORS:
            break
        if redirect is not None:
            if not redirect["target"]:
                next(words, None)
        elif word.startswith("-"):
            value = next(words, "") if word in WITH_VALUE else ""
            options.append(f"{word} {value}".rstrip())
        else:
            bare = word.removesuffix(";")
            named = from_conda(bare) if installer == "conda" else bare
            (requirements if is_requirement_like(named) else others).append(named)
        if word.endswith(";"):
            break
    return InstallCommand(installer=installer, requirements=tuple(requirements), others=tuple(others), options=tuple(options))


def strip_comment(line: str) -> str:
    """The line without its comment, as pip reads it: a `#` at the beginning or after white space."""
    return _COMMENT.sub("", line).strip()


def option_name(option: str) -> str:
    """`--index-url` of `--index-url=https://…`, `-r` of `-rfile.txt`."""
    attached = _SHORT_WITH_VALUE.fullmatch(option)
    return attached[1] if attached else re.split(r"[=\s]", option, maxsplit=1)[0]


def is_requirement_like(word: str) -> bool:
    """Whether a word begins as a requirement does: a name, then nothing, bounds, extras, a marker or `@`."""
    return _REQUIREMENT.match(word) is not None and ("@" in word or _FILE.search(word) is None)


def from_conda(word: str) -> str:
    """`conda-forge::numpy=1.26` as `numpy==1.26.*`: there, one `=` means every version that begins so."""
    word = word.rpartition("::")[2]
    match = re.fullmatch(r"([A-Za-z0-9._-]+)=([0-9][0-9A-Za-z.]*)(?:\.\*)?(?:=\S*)?", word)
    name, bound = (match[1], f"=={match[2].rstrip('.')}.*") if match else (word, "")
    bare = re.match(r"[A-Za-z0-9._-]+", name)
    known = CONDA_NAMES.get(bare[0].lower(), "") if bare else ""
    return (known + name[bare.end() :] if bare and known else name) + bound


def _split_words(text: str) -> list[str]:
    """Split as a shell does, but keep the backslashes of Windows paths."""
    bare = strip_comment(text)
    lexer = shlex.shlex(bare, posix=True, punctuation_chars="")
    lexer.whitespace_split = True
    lexer.commenters = ""
    if _WINDOWS_PATH.search(bare):
        lexer.escape = ""
    try:
        return list(lexer)
    except ValueError:  # an apostrophe without its pair
        return bare.replace('"', " ").replace("'", " ").split()

"""Requirements as people type and paste them."""

from __future__ import annotations

import random
import re
from collections.abc import Iterable

import pytest

from jupyter_dep.base.errors import DepError
from jupyter_dep.model.declaration.install_command import parse_install_command
from jupyter_dep.model.declaration.requirement import canonical, merge, parse, spell
from jupyter_dep.model.declaration.requirement_lines import parse_lines, parse_pasted, requirement_lines
from jupyter_dep.model.migration.readers.requirements_txt import requirements_txt


def refusal(text: str) -> DepError:
    with pytest.raises(DepError) as caught:
        parse(text, context={"file": "a.ipynb"})
    assert caught.value.hint
    assert caught.value.context["file"] == "a.ipynb"
    return caught.value


@pytest.mark.poetry("poetry add NAME@^2")
@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("numpy 1.2", "numpy==1.2"),
        ("numpy=1.2", "numpy==1.2"),
        ("numpy@1.2", "numpy==1.2"),
        ("numpy == v1.2 3", None),
        ("pandas[excel] 2.1", "pandas[excel]==2.1"),
        ("numpy^1.2", "numpy>=1.2,<2"),
        ("numpy~1.2", "numpy~=1.2"),
        ("numpy=>1.2", "numpy>=1.2"),
        ("numpy>=1.2 <3", "numpy>=1.2,<3"),
        ("numpy==latest", "numpy"),
        ("'numpy'", "numpy"),
        ("pip install numpy", "numpy"),
        ("%pip install -U numpy", "numpy"),
        ("!python -m pip install numpy", "numpy"),
        ("numpy==", None),
        ("", None),
    ],
)
def test_a_near_miss_is_refused_with_what_was_meant(typed: str, meant: str | None) -> None:
    error = refusal(typed)
    assert error.code == "bad-requirement"
    suggested = re.findall(r"`([^`]+)`", error.hint)
    assert suggested
    parse(suggested[-1])
    if meant is not None:
        assert suggested[-1] == meant


@pytest.mark.parametrize("text", ["numpy pandas", "numpy, pandas"])
def test_several_names_are_told_to_be_written_apart(text: str) -> None:
    assert "`numpy` `pandas`" in str(refusal(text).hint)


def test_the_name_of_a_requirements_file_is_not_looked_up() -> None:
    assert "-r requirements.txt" in str(refusal("requirements.txt").hint)


def test_a_pasted_install_command_is_called_one() -> None:
    assert "install command" in str(refusal("pip install a b").hint)


def test_a_conda_command_is_called_one() -> None:
    assert "conda" in str(refusal("%conda install numpy").hint)


@pytest.mark.parametrize("text", ["https://index.example/x-1.whl", "git+https://index.example/x", "./x", "x-1.whl", "."])
def test_a_bare_url_or_path_asks_for_a_name(text: str) -> None:
    assert "NAME @ URL" in str(refusal(text).hint)


@pytest.mark.parametrize(
    "text",
    [
        "x @ https://anna:secret@index.example/x.whl",
        "x @ https://anna@index.example/x.whl",
        "x@https://anna:secret@index.example/x.whl",
        "x @ git+ssh://anna@index.example/x",
        "x @ https:anna:secret@index.example/x",
        "x @ https:/anna:secret@index.example/x",
        "x @ https:\\\\anna:secret@index.example/x",
        "x @ https://index.example/x.whl?token=secret",
        "https://anna:secret@index.example/x.whl",
        "pip install https://anna:secret@index.example/x.whl",
    ],
)
def test_credentials_are_refused_and_not_repeated(text: str) -> None:
    error = refusal(text)
    assert error.code == "credentials-in-declaration"
    assert "secret" not in str(error) + error.hint


@pytest.mark.parametrize(
    "text", ["x @ git+https://index.example/x@v1", "x @ https://index.example/@scope/x.whl", "x @ file:///x"]
)
def test_an_at_sign_in_a_path_is_no_credential(text: str) -> None:
    assert parse(text).url


@pytest.mark.parametrize("text", ["x @ https://${HOST}/x.whl", "${NAME}"])
def test_a_variable_is_refused(text: str) -> None:
    assert refusal(text).code == "variable-in-declaration"


@pytest.mark.parametrize(
    "same",
    [
        ["Foo_Bar", "foo-bar", " foo.bar "],
        ["a[X_y,b]>=1.0,<2", "A [b, x-y] <2.0,>=1.0.0"],
        ["a; python_version<'3.9' and os_name=='nt'", 'a ; os_name == "nt" and python_version < "3.9"'],
        ["a @ https://index.example/a.whl", "A @ https://index.example/a.whl"],
        ["a~=1.0", "a ~= 1.0"],
    ],
)
def test_equal_meaning_gives_equal_text(same: list[str]) -> None:
    texts = {canonical(parse(text)) for text in same}
    assert len(texts) == 1
    assert canonical(parse(texts.pop())) == canonical(parse(same[0]))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("a~=1.0", "a~=1.0.0"),
        ("a==1.*", "a==1.0.*"),
        ("a===1", "a===1.0"),
        ("a", "a[b]"),
        ("a", "a; os_name == 'nt'"),
        ("a; os_name == 'nt' or python_version < '3.9'", "a; os_name == 'nt' and python_version < '3.9'"),
        ("a @ https://index.example/a.whl", "a"),
    ],
)
def test_other_meaning_gives_other_text(one: str, other: str) -> None:
    assert canonical(parse(one)) != canonical(parse(other))


def test_lines_keep_their_order_and_lose_their_comments() -> None:
    text = "# needs\n\nb>=1  # why\n  a\nx @ git+https://index.example/x@v1#egg=x\nc; python_version < '3.13'\n"
    assert [str(one) for one in parse_lines(text)] == [
        "b>=1",
        "a",
        "x @ git+https://index.example/x@v1#egg=x",
        'c; python_version < "3.13"',
    ]


@pytest.mark.parametrize(
    "line",
    [
        "pip install -U a 'b>=2' --quiet",
        "%pip install a b>=2",
        "!pip3 install a \\\n   'b>=2'",
        "$ pip install a b>=2 # both",
        "!{sys.executable} -m pip install a b>=2",
        "uv pip install a b>=2",
        "uv add a b>=2",
    ],
)
def test_a_pasted_install_command_is_read(line: str) -> None:
    assert [str(one) for one in parse_lines(line)] == ["a", "b>=2"]


LINES = [
    "# what follows \\\nnumpy\npandas\n",
    "# \\\nnumpy",
    "numpy \\\n# why \\\npandas",
    "numpy # why \\\npandas",
    "num\\\npy",
    "numpy \\\n  >=2",
    "numpy \\",
    "numpy \\ \npandas",
    "\\numpy\n\\\npandas",
    "  # a\n\n#b\\\r\nnumpy\r\n",
    "numpy\\\n\npandas",
]


@pytest.mark.parametrize("text", LINES)
def test_lines_are_joined_as_pip_joins_them(text: str) -> None:
    from pip._internal.req.req_file import preprocess

    def with_numbers(lines: Iterable[tuple[int, str]]) -> list[tuple[int, str]]:
        return [(number, line.strip()) for number, line in lines]

    assert with_numbers(requirement_lines(text)) == with_numbers(preprocess(text))


def test_lines_of_random_text_are_joined_as_pip_joins_them() -> None:
    from pip._internal.req.req_file import preprocess

    chance = random.Random(723)
    for _ in range(3_000):
        text = "".join(chance.choice(["a", "b", "#", "\\", " ", "\n", "\n", "\r\n", "\t"]) for _ in range(chance.randrange(24)))
        assert [line for _, line in requirement_lines(text)] == [line for _, line in preprocess(text)], repr(text)


@pytest.mark.parametrize("text", ["# both of them \\\nnumpy\npandas\n", "#\\\nnumpy\npandas"])
def test_a_comment_that_ends_in_a_backslash_hides_no_requirement(text: str) -> None:
    assert [str(one) for one in parse_lines(text)] == ["numpy", "pandas"]
    assert parse_pasted(text) == ("numpy", "pandas")
    imported = requirements_txt(text, read=lambda path: "")
    assert [str(one) for one in imported.dependencies] == ["numpy", "pandas"]


@pytest.mark.parametrize(
    ("text", "option", "line"),
    [
        ("a\n-r other.txt", "-r", 2),
        ("a\n\n-e .", "-e", 3),
        ("--index-url https://index.example/", "--index-url", 1),
        ("b\na==1 \\\n  --hash=sha256:00", "--hash", 2),
        ("a\npip install b -r other.txt", "-r", 2),
        ("pip install --pre a", "--pre", 1),
    ],
)
def test_an_option_is_refused_with_its_line(text: str, option: str, line: int) -> None:
    with pytest.raises(DepError) as caught:
        parse_lines(text, context={"file": "r.txt"})
    assert caught.value.code == "option-in-requirements"
    assert f"`{option}`" in caught.value.message
    assert caught.value.context == {"file": "r.txt", "line": line}
    assert caught.value.hint


def test_a_bad_line_is_named() -> None:
    with pytest.raises(DepError) as caught:
        parse_lines("a\nb 1.2\n", context={"file": "r.txt"})
    assert caught.value.where() == "r.txt, line 2"


def test_an_install_line_gives_its_words_without_redirects_and_option_values() -> None:
    install = parse_install_command("!pip install -q a -r x.txt --index-url https://index.example/ b 2>&1 > /dev/null")
    assert install is not None
    assert install.requirements == ("a", "b")
    assert install.option_names == ("-q", "-r", "--index-url")


@pytest.mark.parametrize("line", ["pip freeze", "import pip", "# pip install a", "pip_install a"])
def test_another_line_is_no_install_line(line: str) -> None:
    assert parse_install_command(line) is None


@pytest.mark.parametrize(
    ("declared", "wanted", "result"),
    [
        ("Pandas >= 2", "pandas", "Pandas >= 2"),
        ("pandas>=2", "pandas >= 2.0", "pandas>=2"),
        ("pandas>=2", "pandas>=2.1", "pandas>=2.1"),
        ("pandas[excel]>=2", "pandas", "pandas[excel]>=2"),
        ("pandas[excel]>=2", "pandas>=2.1", "pandas[excel]>=2.1"),
        ("pandas>=2", "pandas[excel]", "pandas[excel]>=2"),
        ("pandas[html]>=2", "pandas[Excel]<3", "pandas[excel,html]<3"),
        ("a>=1; os_name == 'nt'", "a[b]; os_name == 'nt'", "a[b]>=1; os_name == 'nt'"),
        ("a>=1", "a @ https://index.example/a.whl", "a @ https://index.example/a.whl"),
    ],
)
def test_an_addition_changes_only_what_it_asks_for(declared: str, wanted: str, result: str) -> None:
    assert merge(declared, wanted) == result


def test_a_marker_is_spelled_without_a_need_for_escapes() -> None:
    assert spell(' a; os_name == "nt" ') == "a; os_name == 'nt'"

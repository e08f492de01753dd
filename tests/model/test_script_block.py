"""The script block in a cell's text: found, read, edited."""

from __future__ import annotations

import random
import re
import tomllib

import pytest

from jupyter_dep.base.errors import DepError
from jupyter_dep.model.declaration import script_block

REFERENCE = re.compile(r"(?m)^# /// (?P<type>[a-zA-Z0-9-]+)$\s(?P<content>(^#(| .*)$\s)+)^# ///$")
"""The expression that PEP 723 prints as the definition of a block."""


def block(toml: str) -> str:
    return "# /// script\n" + "".join(f"# {line}\n" if line else "#\n" for line in toml.splitlines()) + "# ///"


def toml_of(source: str) -> str:
    found = script_block.find(source)
    assert found is not None
    return found.toml


def dependencies(source: str) -> list[str]:
    listed: list[str] = tomllib.loads(toml_of(source)).get("dependencies", [])
    return listed


def refusal(toml: str) -> DepError:
    with pytest.raises(DepError) as caught:
        script_block.parse("import this\n\n" + block(toml), context={"file": "a.ipynb", "cell": 2})
    assert caught.value.hint
    assert (caught.value.context["file"], caught.value.context["cell"]) == ("a.ipynb", 2)
    return caught.value


# Finding


def test_a_block_is_what_the_specification_says_it_is() -> None:
    lines = ["# /// script", "# /// other", "# ///", "#", "# a = 1", "#a = 1", "", "x = 1", "  # ///", "# x = 2"]
    choice = random.Random(723)
    found = 0
    for _ in range(20_000):
        picked = [choice.choice(lines) for _ in range(choice.randint(2, 8))]
        source = "\n".join(picked)
        matches = [match for match in REFERENCE.finditer(source) if match["type"] == "script"]
        try:
            answer = script_block.find(source)
        except DepError as error:
            assert error.code in ("two-script-blocks", "bad-block")  # noqa: PT017  either outcome is right
            assert len(matches) != 1 or picked.count("# /// script") > 1
            continue
        if answer is None:
            assert matches == []
            continue
        found += 1
        assert [(match.start(), match.end()) for match in matches] == [(answer.start, answer.end)]
        marked = matches[0]["content"].splitlines(keepends=True)
        assert answer.toml == "".join(line[2:] if line.startswith("# ") else line[1:] for line in marked)
    assert found > 50


def test_the_span_covers_both_fences_and_nothing_else() -> None:
    text = block("dependencies = []")
    found = script_block.find(f"import a\n{text}\nimport b\n")
    assert found is not None
    assert found.source[found.start : found.end] == text
    assert found.line == 2


def test_a_block_with_carriage_returns_is_read() -> None:
    source = block('dependencies = ["a"]\n\n[tool.x]').replace("\n", "\r\n")
    assert toml_of(source) == 'dependencies = ["a"]\n\n[tool.x]\n'


@pytest.mark.parametrize("source", ["", "x = 1", "# /// other\n# a = 1\n# ///", " # /// script\n # a\n # ///"])
def test_a_cell_without_a_block_has_none(source: str) -> None:
    assert script_block.find(source) is None


def test_a_script_fence_inside_another_block_is_its_content() -> None:
    assert script_block.find("# /// other\n# /// script\n# ///") is None


@pytest.mark.parametrize("between", ["\n", "\n\n", "\nx = 1\n"])
def test_two_blocks_in_a_cell_are_refused(between: str) -> None:
    text = block("dependencies = []")
    with pytest.raises(DepError) as caught:
        script_block.find(text + between + text)
    assert caught.value.code == "two-script-blocks"


@pytest.mark.parametrize("rest", ["", "\n# a = 1", "\n# a = 1\nx = 1\n# ///", "\n#a = 1\n# ///", "\n# ///"])
def test_a_block_that_is_not_closed_is_refused_with_its_line(rest: str) -> None:
    with pytest.raises(DepError) as caught:
        script_block.find("x = 1\n# /// script" + rest, context={"cell": 3})
    assert caught.value.code == "bad-block"
    assert caught.value.context == {"cell": 3, "line": 2}


def test_conflict_markers_are_called_unmerged() -> None:
    with pytest.raises(DepError) as caught:
        script_block.find("# /// script\n<<<<<<< ours\n# a = 1\n=======\n# a = 2\n>>>>>>> theirs\n# ///")
    assert caught.value.code == "unmerged"


# Reading


def test_a_full_declaration_is_read() -> None:
    declaration = script_block.parse(
        block(
            'requires-python = ">=3.11"\ndependencies = ["Pandas>=2", "b"]\n\n'
            "[tool.uv]\nexclude-newer = 2026-01-31T00:00:00Z\nprerelease = 'allow'\n"
            "exclude-newer-package = { b = 2026-02-01 }\nconstraint-dependencies = ['numpy<3']\n"
            "environments = [\"sys_platform == 'linux'\"]\nsources = { b = { index = 'corp' } }\n\n"
            "[[tool.uv.index]]\nname = 'corp'\nurl = 'https://index.example/'\nexplicit = true\n\n"
            "[tool.jupyter-dep]\nwidgets = false\nbuild = ['Foo_Bar']\nplatforms = ['sys_platform==\"linux\"']\n\n"
            "[tool.other]\nanything = { goes = ['here'] }"
        )
    )
    assert declaration.requires_python == ">=3.11"
    assert declaration.names == ("pandas", "b")
    assert declaration.uv["exclude-newer"] == "2026-01-31T00:00:00Z"
    assert declaration.uv["exclude-newer-package"] == {"b": "2026-02-01"}
    assert set(declaration.uv) == {
        "exclude-newer",
        "prerelease",
        "exclude-newer-package",
        "constraint-dependencies",
        "environments",
        "sources",
        "index",
    }
    assert not declaration.settings.widgets
    assert declaration.settings.build == ("foo-bar",)
    assert declaration.settings.platforms == ('sys_platform == "linux"',)


def test_spelling_and_other_tools_do_not_change_the_declaration() -> None:
    one = script_block.parse(block('requires-python = ">=3.11,<4"\ndependencies = ["a>=1", "B_c"]'))
    other = script_block.parse(
        block('dependencies = [\n  "b-c", # c\n  "a >= 1.0",\n]\nrequires-python = "<4, >=3.11"\n[tool.x]\ny = 1')
    )
    assert one.digest() == other.digest()


@pytest.mark.parametrize(
    ("toml", "code", "key"),
    [
        ("name = 'x'", "bad-block", "name"),
        ("requires-python = '3.11'", "bad-requires-python", "requires-python"),
        ("requires-python = ''", "bad-requires-python", "requires-python"),
        ("requires-python = 3.11", "bad-value", "requires-python"),
        ("dependencies = 'a'", "bad-value", "dependencies"),
        ("dependencies = [1]", "bad-value", "dependencies"),
        ("tool = 1", "bad-value", "tool"),
        ("[tool]\nuv = 1", "bad-value", "tool.uv"),
        ("[tool.uv]\nno-build = true", "unsupported-key", "tool.uv.no-build"),
        ("[tool.uv]\nkeyring-provider = 'subprocess'", "unsupported-key", "tool.uv.keyring-provider"),
        ("[tool.uv]\nexclude-newer = 3", "bad-value", "tool.uv.exclude-newer"),
        ("[tool.uv]\nprerelease = 'yes'", "bad-value", "tool.uv.prerelease"),
        ("[tool.uv]\nresolution = ['highest']", "bad-value", "tool.uv.resolution"),
        ("[tool.uv]\nconstraint-dependencies = ['a 1']", "bad-requirement", "tool.uv.constraint-dependencies"),
        ("[tool.uv]\nenvironments = ['linux']", "bad-marker", "tool.uv.environments"),
        ("[tool.uv]\nindex = 'x'", "bad-value", "tool.uv.index"),
        ("[[tool.uv.index]]\nname = 'x'", "bad-value", "tool.uv.index.url"),
        ("[[tool.uv.index]]\nurl = 1", "bad-value", "tool.uv.index.url"),
        (
            "[[tool.uv.index]]\nurl = 'https://h/'\nauthenticate = 'always'",
            "unsupported-key",
            "tool.uv.index.authenticate",
        ),
        ("[[tool.uv.index]]\nurl = 'https://h/'\npublish-url = 'x'", "unsupported-key", "tool.uv.index.publish-url"),
        ("[[tool.uv.index]]\nurl = 'https://a:b@h/'", "credentials-in-declaration", "tool.uv.index"),
        ("[[tool.uv.index]]\nurl = 'https://${H}/'", "variable-in-declaration", "tool.uv.index"),
        ("[tool.uv.sources]\na = { url = 'https://a:b@h/a.whl' }", "credentials-in-declaration", "tool.uv.sources"),
        ("[tool.uv.sources]\na = { git = 'https://${T}@h/a' }", "variable-in-declaration", "tool.uv.sources"),
        ("[tool.jupyter-dep]\nwidget = true", "unsupported-key", "tool.jupyter-dep.widget"),
        ("[tool.jupyter-dep]\nwidgets = 'no'", "bad-value", "tool.jupyter-dep.widgets"),
        ("[tool.jupyter-dep]\nbuild = 'a'", "bad-value", "tool.jupyter-dep.build"),
        ("[tool.jupyter-dep]\nplatforms = ['linux']", "bad-marker", "tool.jupyter-dep.platforms"),
    ],
)
def test_what_is_not_supported_is_refused_by_its_key(toml: str, code: str, key: str) -> None:
    error = refusal(toml)
    assert (error.code, error.context["key"]) == (code, key)


def test_a_bad_requirement_is_named_by_its_number() -> None:
    error = refusal("dependencies = [\n  'a',\n  'b 1',\n]")
    assert (error.code, error.context["entry"]) == ("bad-requirement", 2)


@pytest.mark.parametrize(("toml", "line"), [("a = ", 4), ("a = 1\nb = 'x", 5), ("a = 1\na = 2\nb = 1", 5), ("a = [", 4)])
def test_bad_toml_is_named_by_its_line_in_the_cell(toml: str, line: int) -> None:
    error = refusal(toml)
    assert (error.code, error.context["line"]) == ("bad-toml", line)


def test_comments_that_touch_the_closing_fence_are_explained() -> None:
    with pytest.raises(DepError) as caught:
        script_block.parse(block("dependencies = []") + "\n# a remark\n# ///")
    assert "empty line" in str(caught.value.hint)


def test_a_bare_version_of_python_gets_a_range_as_hint() -> None:
    assert "`>=3.11`" in str(refusal("requires-python = '3.11'").hint)


def test_a_cell_without_a_block_has_no_declaration() -> None:
    with pytest.raises(DepError) as caught:
        script_block.parse("import a")
    assert caught.value.code == "no-declaration"


# Editing


def test_a_new_block_is_laid_out_one_dependency_a_line() -> None:
    assert script_block.new(["pandas", 'numpy>=2; os_name == "nt"'], ">=3.11") == (
        '# /// script\n# requires-python = ">=3.11"\n# dependencies = [\n#     "pandas",\n'
        "#     \"numpy>=2; os_name == 'nt'\",\n# ]\n# ///"
    )
    assert script_block.new([], ">=3.11") == '# /// script\n# requires-python = ">=3.11"\n# dependencies = []\n# ///'


def test_a_new_block_cannot_be_broken_out_of() -> None:
    with pytest.raises(DepError):
        script_block.new(['a"]\n# ///\nimport os'], ">=3.11")
    with pytest.raises(DepError):
        script_block.new([], '>=3.11"\n# ///\nimport os')


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("[]", '[\n    "z",\n]'),
        ('["a"]', '["a", "z"]'),
        ('["a",]', '["a", "z",]'),
        ('[ "a", "b" ]', '[ "a", "b", "z" ]'),
        ('[\n  "a",\n]', '[\n  "a",\n  "z",\n]'),
        ('[\n\t"a"\n]', '[\n\t"a",\n\t"z"\n]'),
        ("[\n  'a', # one, first\n]", "[\n  'a', # one, first\n  \"z\",\n]"),
        ("[\n  'a' # one, first\n]", "[\n  'a', # one, first\n  \"z\"\n]"),
        ("[\n  'a',\n\n  # more\n]", "[\n  'a',\n\n  # more\n  \"z\",\n]"),
        ("[\n  # none yet\n]", '[\n  # none yet\n    "z",\n]'),
    ],
)
def test_an_added_dependency_follows_the_arrays_layout(before: str, after: str) -> None:
    source = block(f"# why\ndependencies = {before} # tail\n[tool.x]\ny = 1")
    assert script_block.add(source, ["z"]) == block(f"# why\ndependencies = {after} # tail\n[tool.x]\ny = 1")


@pytest.mark.parametrize(
    ("before", "name", "after"),
    [
        ('["a"]', "a", "[]"),
        ('[ "a", "b" ]', "a", '[ "b" ]'),
        ('["a", "b"]', "b", '["a"]'),
        ('["a", "b",]', "b", '["a",]'),
        ('[\n  "a", # one\n  "b", # two\n]', "a", '[\n  "b", # two\n]'),
        ('[\n  "a",\n  # about b\n  "b"\n]', "b", '[\n  "a"\n  # about b\n]'),
        ('[ # head\n  "a", "b"\n]', "a", '[ # head\n "b"\n]'),
        ('[ # head\n  "a"]', "a", "[ # head\n]"),
        ('["a" # x\n  , "b"]', "b", '["a" # x\n]'),
    ],
)
def test_a_removed_dependency_leaves_the_rest_as_it_stands(before: str, name: str, after: str) -> None:
    assert script_block.remove(block(f"dependencies = {before}"), [name]) == block(f"dependencies = {after}")


def test_any_array_survives_any_addition_and_removal() -> None:
    choice = random.Random(7)
    for _ in range(600):
        names = [f"n{number}" for number in range(choice.randint(0, 4))]
        array = "[" + choice.choice(["", " ", "\n  ", " # head\n "])
        for name in names:
            last = name == names[-1]
            quoted = choice.choice([f'"{name}"', f"'{name}'"])
            gap = choice.choice(["", " ", "\n", " # 'c', d\n  "])
            comma = choice.choice([",", ""]) if last else ","
            array += quoted + gap + comma + choice.choice(["", " ", "\n  ", ' # x, "y"\n', "\n # own line\n  "])
        source = block(f"dependencies = {array}]")
        added = script_block.add(source, ["zz", "yy>=2"])
        assert dependencies(added) == [*names, "zz", "yy>=2"]
        gone = [name for name in names if choice.random() < 0.5]
        kept = [name for name in names if name not in gone]
        removed = script_block.remove(source, gone)
        assert dependencies(removed) == kept
        assert re.findall(r"own line|head", removed) == re.findall(r"own line|head", source)
        if not gone:
            assert removed == source


def test_a_declared_name_without_anything_new_stays_as_it_is() -> None:
    source = block("dependencies = [\"Pandas[excel] >= 2\", 'b']")
    assert script_block.add(source, ["pandas", "pandas>=2.0", "pandas[Excel]", "B"]) == source


def test_a_new_bound_takes_the_place_of_the_old_one() -> None:
    source = block('dependencies = [\n  "a>=1", # keep\n  "b",\n]')
    assert script_block.add(source, ["a>=2"]) == source.replace("a>=1", "a>=2")


def test_another_marker_is_another_entry() -> None:
    source = block("dependencies = [\"a<2; python_version < '3.12'\"]")
    added = script_block.add(source, ["a>=2; python_version >= '3.12'", "a<1.9; python_version<'3.12'"])
    assert dependencies(added) == ["a<1.9; python_version<'3.12'", "a>=2; python_version >= '3.12'"]


def test_one_name_twice_in_one_addition_is_one_entry() -> None:
    assert dependencies(script_block.add(block("dependencies = []"), ["a", "A>=2"])) == ["A>=2"]


def test_dependencies_are_declared_where_the_key_was_missing() -> None:
    added = script_block.add(block('requires-python = ">=3.11"\n\n[tool.x]\ny = 1'), ["a"])
    assert dependencies(added) == ["a"]
    assert tomllib.loads(toml_of(added))["tool"] == {"x": {"y": 1}}


def test_a_bad_addition_changes_nothing_and_says_why() -> None:
    with pytest.raises(DepError) as caught:
        script_block.add(block("dependencies = []"), ["numpy 1.2"])
    assert caught.value.code == "bad-requirement"


def test_removing_what_is_not_declared_names_what_is_close() -> None:
    with pytest.raises(DepError) as caught:
        script_block.remove(block("dependencies = ['scikit-learn', 'pandas']"), ["scikit_lern"])
    assert caught.value.code == "not-declared"
    assert "`scikit-learn`" in str(caught.value.hint)


def test_removing_takes_every_entry_of_a_name() -> None:
    source = block("dependencies = [\"a; os_name == 'nt'\", 'b', \"A; os_name != 'nt'\"]")
    assert dependencies(script_block.remove(source, ["a"])) == ["b"]


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_an_edit_keeps_every_other_byte_of_the_cell(newline: str) -> None:
    before = f"import a{newline}\tx = 'é'  {newline}"
    after = f"{newline}print(1)\n\r\n  \n"
    toml = "# about\nrequires-python = '>=3.11'   # why\n\ndependencies = [\n  'a',\n]\n\n[tool.x]\ny   =  1"
    text = block(toml).replace("\n", newline).replace(f"#{newline}", f"# {newline}", 1)
    edited = script_block.add(before + text + after, ["z"])
    assert edited == before + text.replace(f"#   'a',{newline}", f"#   'a',{newline}#   \"z\",{newline}") + after


def test_requires_python_is_set_in_place_and_kept_first() -> None:
    source = block("requires-python = '>=3.11' # why\ndependencies = []")
    assert script_block.set_requires_python(source, ">=3.12") == source.replace("'>=3.11'", '">=3.12"')
    assert script_block.set_requires_python(block("dependencies = []"), ">=3.12") == block(
        'requires-python = ">=3.12"\ndependencies = []'
    )
    with pytest.raises(DepError):
        script_block.set_requires_python(source, "3.12")


@pytest.mark.parametrize(
    "toml",
    [
        "dependencies = []",
        "dependencies = []\n\n[tool.x]\ny = 1",
        "[[tool.uv.index]]\nname = 'a'\nurl = 'https://index.example/'",
        "[tool.uv]\nprerelease = 'allow' # why",
        "[tool.uv.sources]\nq = { index = 'a' }",
        "tool.uv.prerelease = 'allow'",
        "[tool]\nuv = { prerelease = 'allow' }",
    ],
)
@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("exclude-newer", "2026-01-31T00:00:00Z"),
        ("constraint-dependencies", ["a<2", "b"]),
        ("index", [{"name": "corp", "url": "https://index.example/corp/", "explicit": True}]),
        ("sources", {"a": {"index": "corp"}}),
    ],
)
def test_a_key_of_uv_is_set_and_removed_beside_what_is_there(toml: str, key: str, value: object) -> None:
    source = block(toml)
    tables = tomllib.loads(toml).get("tool", {})
    edited = script_block.set_uv(source, key, value)
    assert tomllib.loads(toml_of(edited))["tool"] == {**tables, "uv": {**tables.get("uv", {}), key: value}}
    removed = tomllib.loads(toml_of(script_block.set_uv(edited, key, None))).get("tool", {})
    rest = {name: setting for name, setting in tables.get("uv", {}).items() if name != key}
    assert removed.get("uv", {}) == rest


def test_removing_the_last_key_removes_its_table() -> None:
    source = block("dependencies = []")
    assert (
        script_block.set_uv(script_block.set_uv(source, "exclude-newer", "2026-01-31T00:00:00Z"), "exclude-newer", None)
        == source
    )
    assert script_block.set_uv(source, "exclude-newer", None) == source


def test_a_setting_is_set_and_checked() -> None:
    source = block("dependencies = []")
    edited = script_block.set_setting(source, "widgets", False)
    assert edited == block("dependencies = []\n\n[tool.jupyter-dep]\nwidgets = false")
    assert not script_block.parse(edited).settings.widgets
    for key, value in (("widget", True), ("widgets", "no"), ("platforms", ["linux"])):
        with pytest.raises(DepError):
            script_block.set_setting(source, key, value)

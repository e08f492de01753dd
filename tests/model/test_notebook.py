"""Notebook files as bytes: what they declare, and edits that keep every other byte."""

from __future__ import annotations

import json
import random
import re
import time
from collections.abc import Callable

import nbformat
import pytest

from jupyter_dep.base.errors import DepError
from jupyter_dep.model.declaration import script_block
from jupyter_dep.model.notebook.notebook import Notebook, blank

BLOCK = script_block.new(["pandas"], ">=3.11")

WRITERS: dict[str, Callable[[object], str]] = {
    "indent 1": lambda value: json.dumps(value, indent=1, ensure_ascii=False) + "\n",
    "indent 2": lambda value: json.dumps(value, indent=2, ensure_ascii=False),
    "indent 4, ascii": lambda value: json.dumps(value, indent=4),
    "tabs": lambda value: json.dumps(value, indent="\t", ensure_ascii=False) + "\n",
    "one line": lambda value: json.dumps(value, ensure_ascii=False),
    "compact": lambda value: json.dumps(value, separators=(",", ":")),
    "carriage returns": lambda value: json.dumps(value, indent=1, ensure_ascii=False).replace("\n", "\r\n") + "\r\n",
    "byte-order mark": lambda value: "\ufeff" + json.dumps(value, indent=1, ensure_ascii=False) + "\n",
}


def code(source: object, **more: object) -> dict[str, object]:
    return {
        "cell_type": "code",
        "execution_count": None,
        "id": "a1",
        "metadata": {},
        "outputs": [],
        "source": source,
        **more,
    }


def document(*cells: dict[str, object], minor: int = 5, **metadata: object) -> dict[str, object]:
    return {"cells": list(cells), "metadata": metadata, "nbformat": 4, "nbformat_minor": minor}


def data_of(value: object, writer: str = "indent 1") -> bytes:
    return WRITERS[writer](value).encode()


def loaded(data: bytes) -> dict[str, object]:
    value: dict[str, object] = json.loads(data.decode("utf-8-sig"))
    return value


def refusal(data: bytes) -> DepError:
    with pytest.raises(DepError) as caught:
        Notebook.parse(data, context={"file": "a.ipynb"})
    assert caught.value.hint
    assert caught.value.context["file"] == "a.ipynb"
    return caught.value


# Reading


@pytest.mark.parametrize("writer", WRITERS)
def test_a_notebook_tells_its_kernel_its_cells_and_its_declaration(writer: str) -> None:
    spec = {"name": "dep", "display_name": "Python (dep)", "language": "python"}
    markdown = {"cell_type": "markdown", "id": "m", "metadata": {}, "source": [BLOCK]}
    cells = [markdown, code("x = 'é😀'", id="c1"), code(BLOCK.splitlines(keepends=True), id="c2")]
    notebook = Notebook.parse(data_of(document(*cells, kernelspec=spec), writer))
    assert (notebook.kernel_name, notebook.language, notebook.nbformat_minor) == ("dep", "python", 5)
    assert [(cell.index, cell.id, cell.source) for cell in notebook.code_cells] == [
        (1, "c1", "x = 'é😀'"),
        (2, "c2", BLOCK),
    ]
    assert notebook.block == notebook.code_cells[1]
    declaration = notebook.declaration()
    assert declaration is not None
    assert declaration.names == ("pandas",)


def test_a_notebook_written_by_juv_is_read() -> None:
    source = '# /// script\n# requires-python = ">=3.13"\n# dependencies = [\n#     "polars",\n# ]\n# ///'
    hidden = code(source.splitlines(keepends=True), metadata={"jupyter": {"source_hidden": True}})
    juv = document(hidden, code([]), kernelspec={"display_name": "Python 3", "language": "python", "name": "python3"})
    notebook = Notebook.parse(data_of(juv))
    declaration = notebook.declaration()
    assert declaration is not None
    assert (declaration.requires_python, declaration.names) == (">=3.13", ("polars",))


def test_the_language_comes_from_the_kernelspec_or_else_from_language_info() -> None:
    info = {"name": "julia"}
    assert Notebook.parse(data_of(document(language_info=info))).language == "julia"
    assert Notebook.parse(data_of(document(language_info=info, kernelspec={"language": "R"}))).language == "R"
    plain = Notebook.parse(data_of(document()))
    assert (plain.language, plain.kernel_name, plain.block, plain.declaration()) == (None, None, None, None)


def test_a_file_that_a_cell_writes_is_not_the_notebooks_declaration() -> None:
    notebook = Notebook.parse(data_of(document(code("%%writefile tool.py\n" + BLOCK))))
    assert notebook.block is None


def test_the_last_of_two_equal_keys_counts() -> None:
    data = b'{"cells": [{"cell_type": "code", "source": "a"}], "nbformat": 4, "metadata": {"kernelspec": {"name": "x"}},'
    data += b' "cells": [{"cell_type": "code", "source": "b", "source": "c"}], "metadata": {"kernelspec": {"name": "y"}}}'
    notebook = Notebook.parse(data)
    assert [cell.source for cell in notebook.code_cells] == ["c"]
    assert notebook.kernel_name == "y"
    assert loaded(notebook.with_block(BLOCK))["cells"][1]["source"] == "c"  # type: ignore[index]
    assert loaded(notebook.with_kernelspec("z", "Z"))["metadata"]["kernelspec"]["name"] == "z"  # type: ignore[index]


def test_an_error_of_the_declaration_names_the_file_and_the_cell() -> None:
    bad = BLOCK.replace("pandas", "pandas 2")
    notebook = Notebook.parse(data_of(document(code("x"), code(bad))), context={"file": "a.ipynb"})
    with pytest.raises(DepError) as caught:
        notebook.declaration()
    assert caught.value.where() == "a.ipynb, cell 2, entry 1"


def test_two_cells_with_blocks_are_refused_by_number() -> None:
    error = refusal(data_of(document(code(BLOCK), code("x"), code(BLOCK))))
    assert error.code == "two-script-blocks"
    assert "cells 1 and 3" in error.message


def test_a_block_that_is_not_closed_is_refused_by_its_cell() -> None:
    error = refusal(data_of(document(code("x"), code("# /// script\n# a = 1"))))
    assert (error.code, error.context["cell"], error.context["line"]) == ("bad-block", 2, 1)


@pytest.mark.parametrize(
    ("data", "line", "column"),
    [
        (b"", 1, 1),
        (b'{\n "cells": [],\n}', 3, 1),
        (b'{"cells": [] "metadata"}', 1, 14),
        (b'{"cells": [1 2]}', 1, 14),
        (b'{"cells": [{"source" 1}]}', 1, 22),
        (b'{"cells": []}\nx', 2, 1),
        (b'{"cells": ["a\nb"]}', 1, 14),
    ],
)
def test_what_is_not_json_is_refused_with_its_place(data: bytes, line: int, column: int) -> None:
    error = refusal(data)
    assert (error.code, error.context["line"], error.context["column"]) == ("unreadable-json", line, column)


@pytest.mark.parametrize("data", [b'{"cells": [], "x": "\xff"}', b"[" * 100_000, b'{"cells":' + b"[" * 100_000])
def test_what_cannot_be_read_at_all_is_refused(data: bytes) -> None:
    assert refusal(data).code == "unreadable-json"


def test_every_way_of_cutting_a_notebook_short_is_refused() -> None:
    data = data_of(document(code(["a\n", "b"]), kernelspec={"name": "dep"})).rstrip()
    for length in range(len(data)):
        assert refusal(data[:length]).code == "unreadable-json"


def test_conflict_markers_are_called_unmerged() -> None:
    error = refusal(b'{\n<<<<<<< HEAD\n "cells": []\n=======\n "cells": [1]\n>>>>>>> other\n}')
    assert (error.code, error.context["line"]) == ("unmerged", 2)


@pytest.mark.parametrize(
    "value",
    [[], {}, "x", 3, {"cells": {}}, {"nbformat": 3, "worksheets": []}, {"nbformat": 3, "cells": []}, document(code(3))],
)
def test_json_that_is_no_notebook_is_refused(value: object) -> None:
    assert refusal(data_of(value)).code == "not-a-notebook"


def test_an_old_format_is_told_how_to_convert() -> None:
    assert "nbconvert" in str(refusal(data_of({"nbformat": 3, "worksheets": []})).hint)


def test_a_notebook_with_many_outputs_is_read_and_edited_quickly() -> None:
    outputs = [
        {"output_type": "display_data", "metadata": {}, "data": {"image/png": "A" * 60_000}},
        {"output_type": "stream", "name": "stdout", "text": ["\u001b[31mred\u001b[0m, é\n"] * 500},
    ]
    data = data_of(document(code(BLOCK), *(code("x = 1", outputs=outputs) for _ in range(60))))
    assert len(data) > 4_500_000
    times = []
    for _ in range(3):
        begin = time.perf_counter()
        Notebook.parse(data).with_block(BLOCK + "\n")
        times.append(time.perf_counter() - begin)
    assert min(times) < 0.2


# Editing


@pytest.mark.parametrize("writer", WRITERS)
@pytest.mark.parametrize("listed", [True, False])
def test_only_the_bytes_of_the_block_change(writer: str, listed: bool) -> None:
    cell_source = f"import a\n{BLOCK}\nprint('é😀 \\n')  \n"
    source: object = cell_source.splitlines(keepends=True) if listed else cell_source
    before = code(["weird\u2028 line\n", '\t"quoted" \\ é'], outputs=[{"data": {"x": [1.50, -0.0, 1e300]}}], zzz=None)
    value = document(before, code(source), code("# é"), language_info={"name": "python"})
    data = data_of(value, writer)
    notebook = Notebook.parse(data)
    assert notebook.block is not None
    assert notebook.with_block(cell_source) == data
    wanted = script_block.add(cell_source, ["rich"])
    cells = value["cells"]
    assert isinstance(cells, list)
    cells[1]["source"] = wanted.splitlines(keepends=True) if listed else wanted
    assert notebook.with_block(wanted) == data_of(value, writer)
    assert Notebook.parse(notebook.with_block(wanted)).with_block(cell_source) == data


@pytest.mark.parametrize("listed", [True, False])
def test_unusual_spellings_around_the_block_survive(listed: bool) -> None:
    lines = [json.dumps(line)[1:-1] for line in BLOCK.splitlines(keepends=True)]
    odd = [r"a = '\u0041\/\ud800'\n", *lines[:-1], lines[-1] + r"\n", r"b = '\u00e9 \\n \\\\'"]
    joined = '[\n  "' + '" ,\n  "'.join(odd) + '"\n]' if listed else '"' + "".join(odd) + '"'
    cell = '{"source":' + joined + ', "cell_type": "code" }'
    text = '{ "nbformat" : 4, "x": 1E2, "cells": [\n' + cell + '], "é": 0 }\n'
    notebook = Notebook.parse(text.encode())
    assert notebook.block is not None
    assert "\ud800" in notebook.block.source
    edited = notebook.with_block(script_block.remove(notebook.block.source, ["pandas"])).decode()
    old, new = text.splitlines(), edited.splitlines()
    if listed:
        dependency = r"#     \"pandas\",\n"
        assert [line for line in old if line not in new] == [
            r'  "# dependencies = [\n" ,',
            f'  "{dependency}" ,',
            r'  "# ]\n" ,',
        ]
    else:
        head, tail = odd[0], odd[-1]
        assert edited.startswith(text[: text.index(head) + len(head)])
        assert edited.endswith(text[text.index(tail) :])
    assert Notebook.parse(edited.encode()).declaration() is not None


def test_a_lone_surrogate_in_an_edited_line_stays_writable() -> None:
    data = data_of(document(code(BLOCK + "\nx = 1")))
    edited = Notebook.parse(data).with_block(BLOCK + "\nx = '\ud800é'")
    assert b"\\ud800\xc3\xa9" in edited
    assert Notebook.parse(edited).code_cells[0].source.endswith("'\ud800é'")


@pytest.mark.parametrize("writer", WRITERS)
def test_a_first_cell_is_inserted_as_the_file_is_written(writer: str) -> None:
    value = document(code(["x = 1\n", "é"], id="old"), code(["y"]))
    data = data_of(value, writer)
    edited = Notebook.parse(data).with_block(BLOCK)
    assert Notebook.parse(edited).code_cells[0].source == BLOCK
    cells = loaded(edited)["cells"]
    assert isinstance(cells, list)
    first = cells[0]
    assert re.fullmatch(r"[0-9a-f]{8}", first["id"])
    assert first["metadata"] == {"jupyter": {"source_hidden": True}, "tags": ["jupyter-dep"]}
    assert (first["execution_count"], first["outputs"]) == (None, [])
    assert cells[1:] == value["cells"]
    assert edited == data_of({**value, "cells": cells}, writer)


@pytest.mark.parametrize("writer", WRITERS)
def test_a_first_cell_is_inserted_into_no_cells(writer: str) -> None:
    value = document()
    edited = Notebook.parse(data_of(value, writer)).with_block(BLOCK)
    assert edited == data_of({**value, "cells": loaded(edited)["cells"]}, writer)
    assert Notebook.parse(edited).code_cells[0].source == BLOCK


def test_a_first_cell_has_an_id_only_where_the_format_knows_ids() -> None:
    edited = Notebook.parse(data_of(document(minor=4))).with_block(BLOCK)
    nbformat.validate(nbformat.reads(edited.decode(), as_version=4))
    assert "id" not in loaded(edited)["cells"][0]  # type: ignore[index]


def test_a_first_cell_takes_the_form_of_the_other_sources() -> None:
    as_text = Notebook.parse(data_of(document(code("x\ny")))).with_block(BLOCK)
    assert loaded(as_text)["cells"][0]["source"] == BLOCK  # type: ignore[index]
    as_list = Notebook.parse(data_of(document(code(["x"])))).with_block(BLOCK)
    assert loaded(as_list)["cells"][0]["source"] == BLOCK.splitlines(keepends=True)  # type: ignore[index]


def test_a_source_of_no_lines_is_emptied_and_filled() -> None:
    data = data_of(document(code([BLOCK])))
    emptied = Notebook.parse(data).with_block("")
    assert loaded(emptied)["cells"][0]["source"] == []  # type: ignore[index]


SPEC = {"display_name": "Python (dep) é", "language": "python", "name": "dep"}


@pytest.mark.parametrize("writer", WRITERS)
@pytest.mark.parametrize(
    "metadata",
    [{}, {"kernelspec": {"name": "python3", "extra": [1]}, "z": 1}, {"language_info": {"name": "python"}}],
)
def test_only_the_kernelspec_changes(writer: str, metadata: dict[str, object]) -> None:
    value = document(code(["é"]), **metadata)
    edited = Notebook.parse(data_of(value, writer)).with_kernelspec("dep", "Python (dep) é")
    assert edited == data_of({**value, "metadata": {"kernelspec": SPEC, **{**metadata, "kernelspec": SPEC}}}, writer)
    assert Notebook.parse(edited).with_kernelspec("dep", "Python (dep) é") == edited


@pytest.mark.parametrize("writer", WRITERS)
def test_a_kernelspec_is_added_where_there_is_no_metadata(writer: str) -> None:
    value = {"cells": [code("é")], "nbformat": 4}
    edited = Notebook.parse(data_of(value, writer)).with_kernelspec("dep", "Python (dep) é")
    assert edited == data_of({"metadata": {"kernelspec": SPEC}, **value}, writer)
    nothing = Notebook.parse(data_of({**value, "metadata": None}, writer)).with_kernelspec("dep", "Python (dep) é")
    assert nothing == data_of({**value, "metadata": {"kernelspec": SPEC}}, writer)


def test_any_edit_of_any_notebook_gives_what_was_asked_for_and_nothing_else() -> None:
    choice = random.Random(11)
    alphabet = ["a", "\\", '"', "\n", "\r\n", "é", "😀", "\t", "\u2028", "/", "\x1b", "\\n", "\\u00e9", "\ud800"]
    for _ in range(400):
        writer = choice.choice(["indent 4, ascii", "compact", "one line", "indent 1", "tabs"])

        usable = alphabet if writer in ("indent 4, ascii", "compact") else alphabet[:-1]

        def text(usable: list[str] = usable) -> str:
            return "".join(choice.choice(usable) for _ in range(choice.randint(0, 12)))

        def cell(source: str) -> dict[str, object]:
            return code(source if choice.random() < 0.5 else source.splitlines(keepends=True), outputs=[text()])

        begin, end = text() + "\n", "\n" + text()
        place = choice.randint(0, 2)
        cells = [cell(text()) for _ in range(2)]
        cells.insert(place, cell(begin + BLOCK + end))
        value = document(*cells, note=text())
        data = data_of(value, writer)
        notebook = Notebook.parse(data)
        assert notebook.block is not None
        assert (notebook.block.index, notebook.block.source) == (place, begin + BLOCK + end)
        wanted = script_block.add(notebook.block.source, ["rich>=13"])
        edited = notebook.with_block(wanted)
        listed = isinstance(cells[place]["source"], list)
        cells[place]["source"] = wanted.splitlines(keepends=True) if listed else wanted
        assert json.loads(edited) == value
        again = Notebook.parse(edited)
        assert again.with_block(begin + BLOCK + end) == data


# A new one


@pytest.mark.parametrize("block", [None, BLOCK])
def test_a_new_notebook_is_valid_and_as_nbformat_writes_it(block: str | None) -> None:
    data = blank(block, "dep", "Python (dep)")
    node = nbformat.reads(data.decode(), as_version=4)
    nbformat.validate(node)
    assert nbformat.writes(node) + "\n" == data.decode()
    notebook = Notebook.parse(data)
    assert (notebook.kernel_name, notebook.language) == ("dep", "python")
    assert (notebook.block.source if notebook.block else None) == block

"""Ranking, likeness and pasted text: pure functions, no disk and no network."""

from __future__ import annotations

import random
import string

import pytest

from jupyter_dep.model.declaration.requirement_lines import parse_pasted
from jupyter_dep.model.packages.ranking import Candidate, Query, catalogue_candidates, rank
from jupyter_dep.model.packages.similarity import one_edit, similar_names, two_edits


def found(words: str, *more: Candidate, limit: int = 10) -> list[str]:
    return [one.name for one in rank(Query.of(words), [*catalogue_candidates(), *more], limit)]


def known(name: str, tier: int, summary: str = "") -> Candidate:
    return Candidate(name=name, tier=tier, summary=summary, source="catalogue")


def indexed(*names: str) -> list[Candidate]:
    return [Candidate(name=name, source="index") for name in names]


# Order


def test_exact_comes_before_prefix_before_word_before_fuzzy_whatever_the_popularity() -> None:
    candidates = [
        known("shapes", 1),
        known("other", 1, "Works with shape and form"),
        known("shape", 4),
        known("shapely", 2),
        known("shaper-tool", 3),
        known("reshape-it", 2),
        known("shabe", 1),
    ]
    order = [one.name for one in rank(Query.of("shape"), candidates, 10)]
    assert order == ["shape", "shapes", "shapely", "shaper-tool", "other", "reshape-it", "shabe"]


def test_among_equals_the_better_known_comes_first_then_the_shorter() -> None:
    candidates = [known("toolbox", 3), known("toolkit", 2), known("tools", 3)]
    assert [one.name for one in rank(Query.of("tool"), candidates, 10)] == ["toolkit", "tools", "toolbox"]


def test_what_the_user_has_locked_comes_before_what_only_the_index_has() -> None:
    candidates = [*indexed("quxa"), Candidate(name="quxab", source="locked")]
    assert [one.name for one in rank(Query.of("qux"), candidates, 10)] == ["quxab", "quxa"]


@pytest.mark.parametrize(
    ("words", "first"),
    [
        ("pan", "pandas"),
        ("PANDAS", "pandas"),
        ("scikit learn", "scikit-learn"),
        ("scikit_learn", "scikit-learn"),
        ("sklearn", "scikit-learn"),
        ("cv2", "opencv-python"),
        ("PIL", "pillow"),
        ("pandsa", "pandas"),
        ("matplotlb", "matplotlib"),
        ("matplt", "matplotlib"),
        ("scikit-lern", "scikit-learn"),
        ("excel", "openpyxl"),
        ("time series", "sktime"),
        ("progress bars", "tqdm"),
    ],
)
def test_what_people_type_finds_what_they_mean(words: str, first: str) -> None:
    assert found(words)[0] == first


@pytest.mark.parametrize("words", ["", "   ", "%%", "<>", "\u202e", "---", "\x00", "'"])
def test_words_without_a_letter_find_nothing_and_break_nothing(words: str) -> None:
    assert found(words) == []


def test_markup_and_invisible_characters_around_a_word_are_passed_over() -> None:
    assert found("<b>\u202epandas\x00</b>")[:1] != ["pandas"]  # `b` is a word, too
    assert found("\u202e\u200bpandas\x00")[0] == "pandas"


@pytest.mark.parametrize(("one", "other"), [("visualisation", "visualization"), ("modelling", "modeling")])
def test_both_spellings_of_a_word_find_the_same(one: str, other: str) -> None:
    assert found(one) == found(other) != []
    assert "rich" in found("colour")


def test_every_word_has_to_be_there() -> None:
    assert "seaborn" in found("statistical visualisation", limit=50)
    assert found("statistical zebra") == []


def test_one_letter_is_a_beginning_and_nothing_else() -> None:
    assert all(name.startswith("z") for name in found("z", limit=50))


def test_a_long_text_is_cut_and_answered() -> None:
    assert found("pandas " * 10_000)[0] == "pandas"
    assert found("x" * 100_000) == []


def test_the_limit_holds_and_a_name_comes_once() -> None:
    twice = found("pandas", *indexed("pandas"), limit=5)
    assert len(twice) == 5
    assert twice.count("pandas") == 1


def test_unknown_names_of_an_index_do_not_crowd_out_what_is_known() -> None:
    crowd = indexed(*(f"plot-{number}" for number in range(500)))
    names = found("plot", *crowd, limit=20)
    assert len(names) == 20
    assert sum(name.startswith("plot-") for name in names) == 10
    assert {"plotly", "matplotlib", "bokeh"} <= set(names)


def test_unknown_names_take_the_places_that_nobody_else_wants() -> None:
    crowd = indexed(*(f"xyzzy{number}" for number in range(500)))
    assert len(found("xyzzy", *crowd, limit=20)) == 20


# Likeness


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("pandas", "panda", True),
        ("pandas", "pandass", True),
        ("pandas", "pandbs", True),
        ("pandas", "apndas", True),
        ("pandas", "pandsa", True),
        ("pandas", "pandas", False),
        ("pandas", "padnsa", False),
        ("pandas", "pan", False),
        ("ab", "ba", True),
        ("", "a", True),
        ("abc", "cba", False),
    ],
)
def test_one_edit_is_one_insertion_deletion_replacement_or_swap(first: str, second: str, expected: bool) -> None:
    assert one_edit(first, second) is one_edit(second, first) is expected


def _distance(first: str, second: str) -> int:
    """The textbook's table, for comparison."""
    rows = [[i + j if not i * j else 0 for j in range(len(second) + 1)] for i in range(len(first) + 1)]
    for i in range(1, len(first) + 1):
        for j in range(1, len(second) + 1):
            rows[i][j] = min(rows[i - 1][j] + 1, rows[i][j - 1] + 1, rows[i - 1][j - 1] + (first[i - 1] != second[j - 1]))
            if i > 1 and j > 1 and first[i - 1] == second[j - 2] and first[i - 2] == second[j - 1]:
                rows[i][j] = min(rows[i][j], rows[i - 2][j - 2] + 1)
    return rows[-1][-1]


def test_edits_agree_with_the_textbook_on_random_words() -> None:
    chance = random.Random(3)
    for _ in range(3000):
        first = "".join(chance.choices("abc", k=chance.randint(0, 7)))
        second = "".join(chance.choices("abc", k=chance.randint(0, 7)))
        distance = _distance(first, second)
        assert one_edit(first, second) is (distance == 1), (first, second)
        assert two_edits(first, second) is (distance <= 2), (first, second)


@pytest.mark.parametrize(
    ("name", "popular"),
    [
        ("pandsa", "pandas"),
        ("pandass", "pandas"),
        ("reqests", "requests"),
        ("request", "requests"),
        ("Num-Py", "numpy"),
        ("scikitlearn", "scikit-learn"),
        ("sci-kit-learn", "scikit-learn"),
        ("scikit.learn", ""),
        ("sklearn", "scikit-learn"),
        ("bs4", "beautifulsoup4"),
        ("pandas", ""),
        ("my-own-thing", ""),
        ("tqdn", "tqdm"),
        ("xq", ""),
        ("", ""),
    ],
)
def test_an_unknown_name_close_to_a_popular_one_is_marked_with_it(name: str, popular: str) -> None:
    assert similar_names(name) == popular


def test_every_slip_in_a_popular_name_is_seen() -> None:
    chance = random.Random(5)
    for name in ("pandas", "matplotlib", "scikit-learn", "beautifulsoup4"):
        for _ in range(50):
            at = chance.randrange(len(name))
            slipped = name[:at] + chance.choice(string.ascii_lowercase) + name[at + chance.randint(0, 1) :]
            if one_edit(slipped, name):
                assert similar_names(slipped), slipped


# What is pasted


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("pip install 'pandas>=2' rich -U", ("pandas>=2", "rich")),
        ("pip install x y", ("x", "y")),
        ("pip3 install --upgrade pandas", ("pandas",)),
        ("python -m pip install pandas==2.2.0", ("pandas==2.2.0",)),
        ("!pip install pandas", ("pandas",)),
        ("%pip install -q pandas numpy", ("pandas", "numpy")),
        ("$ pip install pandas", ("pandas",)),
        ("pip install --index-url https://index.example/simple pandas", ("pandas",)),
        ("pip install -r requirements.txt", ()),
        ("pip install -e . rich", ("rich",)),
        ("pip install pandas && python main.py", ("pandas",)),
        ("pip install pandas; ls", ("pandas",)),
        ("pip install 'pandas; python_version<\"4\"'", ('pandas; python_version<"4"',)),
        ("uv add x", ("x",)),
        ("uv add --dev 'x[all]>=1'", ("x[all]>=1",)),
        ("uv pip install x", ("x",)),
        ("conda install numpy", ("numpy",)),
        ("conda install -c conda-forge numpy=1.26 'pandas>=2'", ("numpy==1.26.*", "pandas>=2")),
        ("mamba install -y conda-forge::scipy python=3.12", ("scipy",)),
        ("conda install numpy=1.26=py312_0", ("numpy==1.26.*",)),
        ("conda install pytorch=2.3 opencv", ("torch==2.3.*", "opencv-python")),
        ("poetry add httpx", ("httpx",)),
        ("%dep add rich", ("rich",)),
        ("jupyter dep add nb.ipynb rich", ("rich",)),
        ("pandas", ("pandas",)),
        ("pandas[excel]>=2", ("pandas[excel]>=2",)),
        ("pandas >= 2, < 3", ("pandas >= 2, < 3",)),
        ("pandas>=2 rich", ("pandas>=2", "rich")),
        ("pandas, rich", ("pandas", "rich")),
        ("pandas\nrich>=13\n# a comment\n\nnumpy", ("pandas", "rich>=13", "numpy")),
        ("pip install pandas \\\n  rich", ("pandas", "rich")),
        ("pip install x\npip install y x", ("x", "y")),
        ("plot time series", ()),
        ("read excel", ()),
        ("", ()),
        ("   \n \n", ()),
        ("pip install", ()),
        ("pip install 'unbalanced", ("unbalanced",)),
        ("https://index.example/x-1.0.tar.gz", ()),
        ("x @ https://user:secret@index.example/x.whl", ()),
        ("../setup.py", ()),
    ],
)
def test_a_paste_gives_the_requirements_in_it(text: str, expected: tuple[str, ...]) -> None:
    assert parse_pasted(text) == expected


def test_a_huge_paste_is_cut_and_answered() -> None:
    assert parse_pasted("pip install " + "x " * 100_000) == ("x",)
    assert len(parse_pasted("\n".join(f"name{number}" for number in range(50_000)))) < 5_000

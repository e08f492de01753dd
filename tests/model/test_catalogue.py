"""The catalogue of well-known distributions: its form, its size, and that what is made from it is what is committed."""

from __future__ import annotations

import unicodedata
from collections import Counter
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name

import jupyter_dep_magics
from jupyter_dep import data
from jupyter_dep.model.packages import import_map
from jupyter_dep.model.packages.catalogue import POPULAR, entries, parse, popular
from tools.magics_data import generated

FILE = Path(data.__path__[0]) / "catalogue.tsv"
LINES = FILE.read_text(encoding="utf-8").splitlines()


def test_names_are_sorted_normalised_and_each_there_once() -> None:
    listed = [entry.name for entry in parse(FILE.read_text(encoding="utf-8"))]
    assert listed == sorted(set(listed))
    assert [name for name in listed if name != canonicalize_name(name)] == []


def test_every_line_has_a_tier_and_a_short_summary() -> None:
    for entry in entries().values():
        assert entry.tier in (1, 2, 3, 4), entry
        assert 8 <= len(entry.summary) <= 90, entry
        assert entry.summary == " ".join(entry.summary.split()), entry
        assert not entry.summary.endswith((".", ",", ";")), entry
        assert entry.summary[0].isupper() or not entry.summary[0].isalpha(), entry


def test_nothing_in_it_is_invisible_or_markup() -> None:
    text = FILE.read_text(encoding="utf-8")
    assert not set("<>`") & set(text)
    odd = {character for character in text if unicodedata.category(character) in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")}
    assert odd == {"\n", "\t"}


def test_it_is_of_the_size_that_was_meant() -> None:
    tiers = Counter(entry.tier for entry in entries().values())
    assert 1450 <= len(LINES) <= 1600
    assert FILE.stat().st_size <= 250_000
    assert 50 <= tiers[1] <= 70
    assert 220 <= tiers[2] <= 280
    assert 420 <= tiers[3] <= 560


def test_most_of_what_is_known_by_its_module_is_in_it() -> None:
    known = import_map._read_tables()
    reviewed = known.same.union(known.names.values())
    assert len(reviewed & entries().keys()) >= 1000


@pytest.mark.parametrize(
    "module", ["sklearn", "cv2", "PIL", "yaml", "bs4", "skimage", "dateutil", "docx", "serial", "jwt", "umap", "git", "OpenSSL"]
)
def test_the_usual_slips_between_module_and_distribution_lead_to_a_popular_name(module: str) -> None:
    assert entries()[import_map.imports_of_distribution(module)].tier <= POPULAR


def test_popular_names_come_best_known_first() -> None:
    tiers = [entries()[name].tier for name in popular()]
    assert tiers == sorted(tiers)
    assert tiers[-1] == POPULAR
    assert {"numpy", "pandas", "torch"} <= set(popular()[:70])


def test_a_line_of_another_form_is_an_error() -> None:
    with pytest.raises(ValueError, match="values to unpack"):
        parse("numpy\t1\n")


@pytest.mark.parametrize("name", sorted(generated()))
def test_what_the_magics_carry_is_what_is_generated(name: str) -> None:
    committed = Path(jupyter_dep_magics.__path__[0], name).read_text(encoding="utf-8")
    assert committed == generated()[name], "run `python -m tools.magics_data magics/jupyter_dep_magics`"

"""One answer to "which distribution brings this import, what is missing, what is unused": `check`, the page and a cell."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from jupyter_dep.io.store.module_index import module_providers
from jupyter_dep.model.checking.imports import Declared, ImportUse, usage_findings
from jupyter_dep.model.notebook.code_imports import imports_of
from jupyter_dep.model.notebook.notebook import Notebook
from jupyter_dep.model.packages.import_origin import NOTHING, ModuleProviders, find_origin
from jupyter_dep_magics import missing_import
from jupyter_dep_server.views.imports import import_usage

PKGUTIL = '__path__ = __import__("pkgutil").extend_path(__path__, __name__)\n'
SETUPTOOLS = "__import__('pkg_resources').declare_namespace(__name__)\n"

# distribution, its files
DISTRIBUTIONS: Mapping[str, Mapping[str, str]] = {
    "google-cloud-storage": {"google/cloud/storage/__init__.py": "", "google/cloud/storage/blob.py": ""},
    "google-cloud-bigquery": {"google/cloud/bigquery/__init__.py": ""},
    "google-auth": {"google/auth/__init__.py": "", "google/oauth2/__init__.py": "", "google/oauth2/service_account.py": ""},
    "azure-core": {"azure/__init__.py": PKGUTIL, "azure/core/__init__.py": ""},
    "azure-storage-blob": {
        "azure/__init__.py": PKGUTIL,
        "azure/storage/__init__.py": PKGUTIL,
        "azure/storage/blob/__init__.py": "",
    },
    "azure-newthing": {"azure/newthing/__init__.py": ""},
    "ruamel-yaml": {"ruamel/yaml/__init__.py": ""},
    "zope-interface": {"zope/__init__.py": SETUPTOOLS, "zope/interface/__init__.py": ""},
    "zope-schema": {"zope/__init__.py": SETUPTOOLS, "zope/schema/__init__.py": ""},
    "sphinxcontrib-bibtex": {"sphinxcontrib/bibtex/__init__.py": ""},
    "sphinxcontrib-mermaid": {"sphinxcontrib/mermaid.py": ""},
    "requests": {"requests/__init__.py": ""},
}

# code, declared and installed, what is missing, what is unused
CASES = [
    ("import google.cloud.storage", "google-cloud-storage", {}, ""),
    ("from google.cloud import storage", "google-cloud-storage", {}, ""),
    ("from google.cloud.storage import blob", "google-cloud-storage", {}, ""),
    (
        "import google.cloud.bigquery",
        "google-cloud-storage",
        {"google.cloud.bigquery": "google-cloud-bigquery"},
        "google-cloud-storage",
    ),
    (
        "from google.cloud import bigquery",
        "google-cloud-storage google-auth",
        {"google.cloud.bigquery": "google-cloud-bigquery"},
        "google-auth google-cloud-storage",
    ),
    (
        "from google.cloud import bigquery, storage",
        "google-cloud-storage",
        {"google.cloud.bigquery": "google-cloud-bigquery"},
        "",
    ),
    ("from google.oauth2 import service_account", "google-auth google-cloud-storage", {}, "google-cloud-storage"),
    ("import azure.storage.blob", "azure-core", {"azure.storage.blob": "azure-storage-blob"}, "azure-core"),
    ("from azure.storage import blob", "azure-core azure-storage-blob", {}, "azure-core"),
    ("import azure.core", "azure-core azure-storage-blob", {}, "azure-storage-blob"),
    ("from azure import core", "azure-core azure-storage-blob", {}, "azure-storage-blob"),
    ("import azure.newthing", "azure-newthing azure-core", {}, "azure-core"),
    ("import ruamel.yaml", "ruamel-yaml", {}, ""),
    ("from ruamel import yaml", "ruamel-yaml", {}, ""),
    ("import ruamel.yaml", "requests", {"ruamel.yaml": "ruamel-yaml"}, "requests"),
    ("import zope.interface", "zope-schema", {"zope.interface": "zope-interface"}, "zope-schema"),
    ("from zope import interface", "zope-interface zope-schema", {}, "zope-schema"),
    ("import zope.schema", "zope-interface zope-schema", {}, "zope-interface"),
    ("import sphinxcontrib.bibtex", "sphinxcontrib-mermaid", {"sphinxcontrib.bibtex": "sphinxcontrib-bibtex"},
     "sphinxcontrib-mermaid"),
    ("import sphinxcontrib.mermaid", "sphinxcontrib-bibtex sphinxcontrib-mermaid", {}, "sphinxcontrib-bibtex"),
    ("import google", "google-cloud-storage", {}, ""),
    ("import requests", "requests google-auth", {}, "google-auth"),
]  # fmt: skip


def make_site(folder: Path, names: str, *, legacy: str = SETUPTOOLS) -> Path:
    """A site-packages folder with these distributions; `legacy` stands in for the code that needs setuptools."""
    for name in names.split():
        rows = []
        for path, code in DISTRIBUTIONS[name].items():
            text = code.replace(SETUPTOOLS, legacy)
            file = folder / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
            rows.append(f"{path},sha256=x,{len(text)}\n")
        info = folder / f"{name.replace('-', '_')}-1.0.dist-info"
        info.mkdir(parents=True)
        (info / "RECORD").write_text("".join(rows) + f"{info.name}/RECORD,,\n", encoding="utf-8")
    folder.mkdir(exist_ok=True)
    return folder


def declared_names(names: str) -> Declared:
    return Declared(parts={"default": frozenset(names.split())}, locked=frozenset(names.split()))


def notebook_of(source: str) -> Notebook:
    cell = {"cell_type": "code", "id": "a", "metadata": {}, "outputs": [], "execution_count": None, "source": source}
    return Notebook.parse(json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}).encode())


def checked(source: str, names: str, providers: ModuleProviders) -> tuple[dict[str, str], str]:
    """What `check` says is missing, with what to declare, and unused."""
    uses = [ImportUse(module=one.module, role="notebook", where={}) for one in imports_of(source)]
    found = list(usage_findings(uses, declared_names(names), providers, where={}))
    missing = {one.message.split("`")[1]: str(one.hint).split("`")[1] for one in found if one.code == "import-undeclared"}
    return missing, " ".join(one.message.split("`")[1] for one in found if one.code == "unused")


# without files, a namespace alone says nothing of what is used
@pytest.mark.parametrize(
    ("source", "names", "missing", "unused", "built"),
    [(*case, built) for case in CASES for built in (True, False) if built or case[0] != "import google"],
)
def test_check_and_page_say_the_same(
    source: str, names: str, missing: dict[str, str], unused: str, built: bool, tmp_path: Path
) -> None:
    site = make_site(tmp_path / "site", names)
    assert checked(source, names, module_providers(site) if built else NOTHING) == (missing, unused)
    beside = tmp_path / "beside"
    beside.mkdir()
    page = import_usage(notebook_of(source), beside, declared_names(names), str(site) if built else None)
    assert {one.module: one.name for one in page.missing} == missing
    assert page.unused == frozenset(unused.split())
    assert all(one.cells == (0,) for one in page.missing)


@pytest.fixture
def site_on_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder that this process imports from, for the time of a test."""
    folder = tmp_path / "site"
    folder.mkdir()
    before = set(sys.modules)
    namespaces = {path.partition("/")[0] for files in DISTRIBUTIONS.values() for path in files}
    hidden = {name: sys.modules.pop(name) for name in [*sys.modules] if name.partition(".")[0] in namespaces}
    monkeypatch.setattr(sys, "path", [str(folder), *(path for path in sys.path if "site-packages" not in path)])
    importlib.invalidate_caches()
    yield folder
    for name in set(sys.modules) - before:
        if name.partition(".")[0] in namespaces:
            del sys.modules[name]
    sys.modules.update(hidden)


@pytest.mark.parametrize(("source", "names", "missing", "unused"), CASES)
def test_a_cell_names_the_same_distributions(
    source: str, names: str, missing: dict[str, str], unused: str, site_on_path: Path
) -> None:
    make_site(site_on_path, names, legacy=PKGUTIL)
    importlib.invalidate_caches()
    module = ""
    try:
        exec(source, {})
    except ImportError as error:
        module = missing_import.missing_module(error)
    standing = missing_import.Standing(declared=frozenset(names.split()), state="locked", key="k", kernel="k")
    hint = missing_import.hint_for(module, source, standing=lambda: standing) if module else None
    assert (hint.names if hint else ()) == tuple(missing.values())


def test_what_no_table_knows_is_found_by_the_path_of_its_name() -> None:
    known = {"azure-newthing", "azure-core"}
    assert find_origin("azure.newthing.things", known, NOTHING).distributions == {"azure-newthing"}
    assert find_origin("azure.other", known, NOTHING).distributions == set()
    assert find_origin("azure", known, NOTHING).namespace

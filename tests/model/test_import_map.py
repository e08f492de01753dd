"""The map of import names: its form, and what it answers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name

import jupyter_dep_magics
import jupyter_dep_magics.names as in_kernel
from jupyter_dep import data
from jupyter_dep.model.packages.import_map import distribution_for

MODEL = Path(data.__path__[0]) / "import_names.json"
MAGICS = Path(jupyter_dep_magics.__path__[0]) / "import_names.json"


def test_kernel_and_model_read_the_same_map() -> None:
    assert MODEL.read_bytes() == MAGICS.read_bytes()


def test_map_is_sorted_normalised_and_free_of_duplicates() -> None:
    pairs: list[tuple[str, object]] = []
    tables = json.loads(MODEL.read_text(encoding="utf-8"), object_pairs_hook=lambda p: pairs.extend(p) or dict(p))
    keys = [key for key, value in pairs if isinstance(value, str)]
    assert keys == sorted(set(keys))
    for name in ("same", "shared"):
        assert tables[name] == sorted(set(tables[name]))
    assert all(value == canonicalize_name(value) for value in [*tables["names"].values(), *tables["same"]])
    assert all(part.isidentifier() for key in tables["names"] for part in key.split("."))
    assert not set(tables["same"]) & {canonicalize_name(key) for key in tables["names"] if key.islower()} - set(
        tables["names"].values()
    )


def test_map_is_small_and_covers_the_known() -> None:
    tables = json.loads(MODEL.read_text(encoding="utf-8"))
    assert MODEL.stat().st_size <= 60_000
    assert len(tables["names"]) >= 350
    assert len(tables["same"]) >= 300


@pytest.mark.parametrize(
    ("module", "distribution", "certain"),
    [
        ("sklearn", "scikit-learn", True),
        ("sklearn.linear_model", "scikit-learn", True),
        ("cv2", "opencv-python", True),
        ("PIL.Image", "pillow", True),
        ("yaml", "pyyaml", True),
        ("IPython.display", "ipython", True),
        ("mpl_toolkits.mplot3d", "matplotlib", True),
        ("google.cloud.storage", "google-cloud-storage", True),
        ("google.cloud.storage.blob", "google-cloud-storage", True),
        ("google.protobuf.message", "protobuf", True),
        ("ruamel.yaml", "ruamel-yaml", True),
        ("numpy.linalg", "numpy", True),
        ("sentence_transformers", "sentence-transformers", True),
        ("google", "", False),
        ("google.something_new", "", False),
        ("never_heard_of", "never-heard-of", False),
    ],
)
def test_longest_known_prefix_decides(module: str, distribution: str, certain: bool) -> None:
    match = distribution_for(module)
    assert (match.distribution, match.certain) == (distribution, certain)
    assert in_kernel.distribution_for(module) == (distribution, certain)

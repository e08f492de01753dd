"""Writes the data that the magics carry: the verbs and well-known names for completion, and the map of import names."""

from __future__ import annotations

import json
import sys
from importlib import resources
from pathlib import Path

from jupyter_dep.model.packages.catalogue import popular

from .parser import completion_data


def generated() -> dict[str, str]:
    """File name → text, for the magics' folder."""
    names = resources.files("jupyter_dep.data").joinpath("import_names.json").read_text(encoding="utf-8")
    return {
        "verbs.json": json.dumps(completion_data(), indent=1, sort_keys=True) + "\n",
        "import_names.json": names,
        "popular.json": json.dumps(popular(), separators=(",", ":")) + "\n",
    }


def main(folder: str) -> None:
    for name, text in generated().items():
        (Path(folder) / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])

"""Write the data that the magics carry: `python -m tools.magics_data magics/jupyter_dep_magics`.

It is the commands and well-known names for completion, and the map of import names.
"""

from __future__ import annotations

import json
import sys
from importlib import resources
from pathlib import Path

from jupyter_dep.model.packages.catalogue import popular
from jupyter_dep_cli.parser import completion_data


def generated() -> dict[str, str]:
    """The text of each file by its name, for the magics' folder."""
    names = resources.files("jupyter_dep.data").joinpath("import_names.json").read_text(encoding="utf-8")
    return {
        "commands.json": json.dumps(completion_data(), indent=1, sort_keys=True) + "\n",
        "import_names.json": names,
        "popular.json": json.dumps(popular(), separators=(",", ":")) + "\n",
    }


def main(folder: str) -> None:
    """Write each file into the folder."""
    for name, text in generated().items():
        (Path(folder) / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])

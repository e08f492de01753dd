"""What the package index of the browser tests has: names that the catalogue knows, with next to nothing in them."""

from __future__ import annotations

from pathlib import Path

from .wheels import build_sdist, build_wheel

MARKUP = '<img src=x onerror="window.struck=1"><script>window.struck=2</script>'
"""Sets `window.struck` wherever it becomes more than text."""
HIDDEN = "safe\u202egnp.exe\u0007\u200b"
"""A bidirectional override, a control character and a space of no width."""


def fill(folder: Path) -> None:
    """`tabulate` in two versions, `tqdm`, `humanize` (needs `tqdm`), `scikit-learn` (imports as `sklearn`), and others."""
    folder.mkdir(parents=True, exist_ok=True)
    for version in ("0.8.10", "0.9.0"):
        build_wheel(folder, "tabulate", version, summary="Pretty-print tabular data")
    build_wheel(folder, "tqdm", "4.66.0", summary="Fast, extensible progress meter")
    build_wheel(folder, "humanize", "4.9.0", requires=["tqdm>=4"], summary="Numbers and dates for people")
    build_wheel(
        folder,
        "scikit-learn",
        "1.5.0",
        files={"sklearn/__init__.py": "__version__ = '1.5.0'\n\ndef answer():\n    return 42\n"},
        summary="Machine learning in Python",
    )
    build_wheel(folder, "tabulatr", "1.0", summary=f"{MARKUP} {HIDDEN}")
    build_sdist(folder, "legacy-thing", "1.0")


def slow(folder: Path, name: str) -> None:
    """A wheel that nobody has fetched before; the test delays its file."""
    build_wheel(folder, name, "1.0", summary="Takes its time")

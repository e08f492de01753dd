"""`setup.cfg` of setuptools: metadata, `install_requires`, extras and entry points, where they are written out."""

from __future__ import annotations

import configparser
import re

from jupyter_dep.model.migration.builder import ManifestBuilder, license_text, unreadable
from jupyter_dep.model.migration.manifest_value import ImportedManifest, ProjectFacts

_METADATA = {
    *("name", "version", "description", "summary", "author", "author_email", "maintainer", "maintainer_email", "license"),
    *("keywords", "classifiers", "classifier", "url", "home_page", "project_urls", "long_description"),
    *("long_description_content_type", "platforms", "provides", "obsoletes"),
}
_OPTIONS = {"install_requires", "python_requires", "tests_require", "setup_requires", "dependency_links"}


def setup_cfg(text: str, *, origin: str = "setup.cfg") -> ImportedManifest:
    """What a `setup.cfg` declares; values that setuptools computes (`attr:`, `file:`) are left. Errors: `unreadable-import`."""
    parser = configparser.RawConfigParser(strict=False)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    try:
        parser.read_string(text.removeprefix("\ufeff"))
    except configparser.Error as error:
        raise unreadable(origin, "INI", error) from error
    builder = ManifestBuilder(origin)
    metadata = {key.replace("-", "_"): value for key, value in _read_section(parser, "metadata").items()}
    options = {key.replace("-", "_"): value for key, value in _read_section(parser, "options").items()}
    for item in _read_list(builder, options, "install_requires"):
        builder.require(item, builder.dependencies)
    for extra, value in _read_section(parser, "options.extras_require").items():
        _read_extra(builder, extra, value)
    for item in _read_list(builder, options, "tests_require"):
        builder.require(item, builder.groups.setdefault("test", []))
    for item in _read_list(builder, options, "setup_requires"):
        builder.leave(f"setup_requires {item}", "build requirements belong under `requires` in `[build-system]`")
    for item in _read_list(builder, options, "dependency_links"):
        builder.leave(f"dependency_links {item}", "declare an index or a source for the package that comes from there")
    for key in sorted(set(options) - _OPTIONS):
        builder.leave(f"[options] {key}", "what goes into the package is the build backend's; setuptools still reads it")
    return builder.build(
        ProjectFacts(
            name=_read_static(builder, metadata, "name"),
            version=_read_static(builder, metadata, "version"),
            description=_read_static(builder, metadata, "description") or _read_static(builder, metadata, "summary"),
            requires_python=_read_static(builder, options, "python_requires"),
            metadata=_read_metadata(builder, parser, metadata),
            package=True if metadata.get("name") else None,
        )
    )


def _read_section(parser: configparser.RawConfigParser, name: str) -> dict[str, str]:
    return dict(parser.items(name)) if parser.has_section(name) else {}


def _read_static(builder: ManifestBuilder, values: dict[str, str], key: str) -> str | None:
    """A value that is written out; one that setuptools would compute is left."""
    value = values.get(key, "").strip()
    if re.match(r"(?:attr|file):", value):
        builder.leave(f"{key} = {value}", "setuptools computes it from another file; write the value itself")
        return None
    return value or None


def _read_list(builder: ManifestBuilder, values: dict[str, str], key: str) -> list[str]:
    text = _read_static(builder, values, key)
    return _read_items(text) if text is not None else []


def _read_items(text: str) -> list[str]:
    """Lines, or a single line's pieces between `;` that are not markers, as setuptools splits them."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if len(lines) == 1 and ";" in lines[0] and "\n" not in text.strip():
        pieces = [piece.strip() for piece in lines[0].split(";")]
        if not any(re.match(r"(?:\(?\s*)?(?:python|sys|os|platform|implementation|extra)[\w.]*\s", piece) for piece in pieces):
            return [piece for piece in pieces if piece]
    return [line for line in lines if not line.startswith("#")]


def _read_extra(builder: ManifestBuilder, extra: str, value: str) -> None:
    if re.match(r"\s*file:", value):
        builder.leave(f"the extra {extra} = {value.strip()}", "setuptools reads it from another file; import that file")
        return
    into = builder.extras.setdefault(extra, [])
    for item in _read_items(value):
        builder.require(item, into)


def _read_metadata(builder: ManifestBuilder, parser: configparser.RawConfigParser, values: dict[str, str]) -> dict[str, object]:
    found: dict[str, object] = {}
    for key, plural in (("author", "authors"), ("maintainer", "maintainers")):
        person = {"name": _read_static(builder, values, key), "email": _read_static(builder, values, f"{key}_email")}
        given = {name: value for name, value in person.items() if value}
        found[plural] = [given] if given else []
    found["license"] = license_text(builder, _read_static(builder, values, "license"))
    keywords = _read_static(builder, values, "keywords") or ""
    found["keywords"] = [word.strip() for word in re.split(r"[,\n]", keywords) if word.strip()]
    found["classifiers"] = _read_list(builder, values, "classifiers") or _read_list(builder, values, "classifier")
    urls = {}
    homepage = _read_static(builder, values, "url") or _read_static(builder, values, "home_page")
    if homepage:
        urls["Homepage"] = homepage
    for line in _read_list(builder, values, "project_urls"):
        label, _, address = line.partition("=")
        urls[label.strip()] = address.strip()
    found["urls"] = urls
    described = values.get("long_description", "").strip()
    readmes = re.split(r"[,\s]+", described.removeprefix("file:").strip()) if described.startswith("file:") else []
    found["readme"] = readmes[0] if readmes else None
    if (described and not readmes) or len(readmes) > 1:
        builder.leave(f"long_description = {described}", "`[project] readme` names one file")
    for key in sorted(set(values) - _METADATA):
        builder.leave(f"[metadata] {key}", "it has no counterpart, or the build backend reads it")
    entry_points: dict[str, dict[str, str]] = {}
    section = _read_section(parser, "options.entry_points")
    for group, text in section.items():
        for line in _read_items(text):
            name, _, reference = line.partition("=")
            entry_points.setdefault(group, {})[name.strip()] = reference.strip()
    found["scripts"] = entry_points.pop("console_scripts", {})
    found["gui-scripts"] = entry_points.pop("gui_scripts", {})
    found["entry-points"] = entry_points
    return found

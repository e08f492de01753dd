"""A lock as a bill of materials: CycloneDX 1.5 in JSON, the same bytes for the same lock and choice."""

from __future__ import annotations

import json
import uuid
from typing import Any
from urllib.parse import quote

from jupyter_dep.model.lock.audit import files_of
from jupyter_dep.model.lock.graph import Node
from jupyter_dep.model.lock.lockfile import Lock
from jupyter_dep.model.lock.select import DEFAULT_SELECTION, Selection

from .select import Chosen, chosen, public_address

_ALGORITHMS = {
    "sha256": "SHA-256", "sha384": "SHA-384", "sha512": "SHA-512", "sha3_256": "SHA3-256", "sha3_384": "SHA3-384",
    "sha3_512": "SHA3-512",
}  # fmt: skip
# any fixed one: the serial number is a function of the content
_SPACE = uuid.UUID("5f0c0e9d-3a3e-4b35-9d7b-6f1a6f0b7c55")


def cyclonedx(lock: Lock, choice: Selection = DEFAULT_SELECTION, *, name: str, version: str = "") -> str:
    """The text; `name` and `version` are the project's. Errors: those of `chosen`.

    Every file of a package is an external reference with its hashes, for a package of one file they are the component's too. A
    marker is the property `jupyter-dep:marker`. It has no timestamp: another file means other content.
    """
    selected = chosen(lock, choice)
    root: dict[str, Any] = {"type": "application", "bom-ref": "root", "name": name}
    if version:
        root["version"] = version
    references = {_find_node(one): _make_reference(one) for one in selected}
    components: dict[str, dict[str, Any]] = {}
    for one in selected:
        components.setdefault(_make_reference(one), _describe_component(one))
    graph = lock.graph()
    names = {str(node[0]) for node in [*graph.roots, *graph.kernel_roots]}
    needed_by = {name for who, needs in graph.edges.items() if who in references for name, _ in needs}
    direct = [ref for node, ref in references.items() if node[0] in names or node[0] not in needed_by]
    dependencies = [{"ref": "root", "dependsOn": sorted(set(direct))}]
    for ref in sorted(components):
        needs = {
            references[to]
            for node, who in references.items()
            if who == ref
            for to in graph.edges.get(node, ())
            if to in references
        }
        dependencies.append({"ref": ref, "dependsOn": sorted(needs)})
    body: dict[str, Any] = {
        "version": 1,
        "metadata": {
            "tools": {"components": [{"type": "application", "name": "jupyter-dep"}]},
            "component": root,
        },
        "components": [components[ref] for ref in sorted(components)],
        "dependencies": dependencies,
    }
    serial = uuid.uuid5(_SPACE, json.dumps(body, sort_keys=True))
    document = {"bomFormat": "CycloneDX", "specVersion": "1.5", "serialNumber": f"urn:uuid:{serial}", **body}
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _find_node(one: Chosen) -> Node:
    return one.package.name, str(one.package.version or "")


def _make_reference(one: Chosen) -> str:
    """The package URL, which is also the component's reference; a commit makes it one of its own."""
    package = one.package
    version = f"@{quote(str(package.version), safe='')}" if package.version is not None else ""
    suffix = ""
    if package.vcs is not None:
        address = f"{package.vcs.type}+{public_address(package.vcs.url or '')}@{package.vcs.commit_id}"
        suffix = f"?vcs_url={quote(address, safe='')}"
    elif package.archive is not None and package.archive.url is not None:
        suffix = f"?download_url={quote(public_address(package.archive.url), safe='')}"
    return f"pkg:pypi/{package.name}{version}{suffix}"


def _describe_component(one: Chosen) -> dict[str, Any]:
    package = one.package
    reference = _make_reference(one)
    component: dict[str, Any] = {"type": "library", "bom-ref": reference, "name": package.name}
    if package.version is not None:
        component["version"] = str(package.version)
    component["purl"] = reference
    files = [(file.url, file.hashes) for file in files_of(package)]
    if package.archive is not None:
        files.append((package.archive.url, package.archive.hashes))
    if len(files) == 1:
        component["hashes"] = _list_hashes(files[0][1])
    external = [
        {"type": "distribution", "url": public_address(url), "hashes": _list_hashes(hashes)}
        for url, hashes in sorted(files, key=lambda item: item[0] or "")
        if url is not None
    ]
    if package.vcs is not None and package.vcs.url is not None:
        external.append({"type": "vcs", "url": public_address(package.vcs.url)})
    if external:
        component["externalReferences"] = external
    if one.marker:
        component["properties"] = [{"name": "jupyter-dep:marker", "value": one.marker}]
    return component


def _list_hashes(table: Any) -> list[dict[str, str]]:
    return [{"alg": _ALGORITHMS[name], "content": str(table[name])} for name in sorted(table) if name in _ALGORITHMS]

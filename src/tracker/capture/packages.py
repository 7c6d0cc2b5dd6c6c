"""The installed packages that the session has imported, with their versions.

Told from the names of the folders that installers leave (`numpy-2.4.6.dist-info`), so that nothing is imported and
little is read: importlib.metadata reads every package's list of files, which takes a second. A module that no such
folder accounts for is told with its `__version__`, if it has one.
"""

from __future__ import annotations

import os
import re
import sys
from typing import Final

_INFO: Final = re.compile(r"(?P<name>.+?)-(?P<version>[^-]+)(?:-py[\d.]+)?\.(?:dist|egg)-info")
_MAX_RECORD: Final = 5_000_000
_Package = tuple[str, str]

_folders: dict[str, tuple[int, dict[str, _Package]]] = {}
_deep: dict[str, dict[str, _Package]] = {}
_holders: dict[str, dict[str, list[tuple[str, _Package]]]] = {}
_shared: dict[tuple[str, str], dict[str, _Package]] = {}
_last: tuple[int, dict[str, str]] = (0, {})


def imported_packages() -> dict[str, str]:
    """{distribution: version} of what is imported, by name; the standard library left out."""
    global _last
    if _last[0] != len(sys.modules):
        _last = (len(sys.modules), _found())
    return _last[1]


def installed_version(name: str) -> str | None:
    """The version of a distribution that is installed now, or None."""
    wanted = _plain(name)
    for folder in sys.path:
        package = _by_name(folder).get(wanted)
        if package is not None:
            return package[1]
    return None


def _found() -> dict[str, str]:
    tops = {name.partition(".")[0] for name in list(sys.modules) if isinstance(name, str)}
    found: dict[str, str] = {}
    for top in tops - sys.stdlib_module_names:
        module = sys.modules.get(top)
        spec = getattr(module, "__spec__", None)
        places = list(getattr(spec, "submodule_search_locations", None) or ()) or [getattr(spec, "origin", None) or ""]
        if top.startswith("_") or not places[0]:
            continue
        folder = os.path.dirname(str(places[0]))
        if getattr(spec, "origin", None) is None:
            owners = _owners(folder, top)
            if owners:
                found |= _of_namespace(top, folder, owners)
                continue
        package = _package_of(top, folder)
        if package is None:
            version = getattr(module, "__version__", None)
            package = (top, version) if isinstance(version, str) else None
        if package is not None:
            found[package[0]] = package[1]
    return dict(sorted(found.items(), key=lambda pair: pair[0].lower()))


def _package_of(top: str, folder: str) -> _Package | None:
    return _by_name(folder).get(_plain(top)) or _by_files(folder).get(top)


def _of_namespace(top: str, folder: str, owners: dict[str, _Package]) -> dict[str, str]:
    """What is imported of a package that several distributions share: told by the file that a module is."""
    found: dict[str, str] = {}
    for name, module in list(sys.modules.items()):
        origin = getattr(getattr(module, "__spec__", None), "origin", None)
        if isinstance(origin, str) and isinstance(name, str) and name.startswith(f"{top}."):
            package = owners.get(origin.removeprefix(folder + os.sep).replace(os.sep, "/"))
            if package is not None:
                found[package[0]] = package[1]
    return found


def _owners(folder: str, top: str) -> dict[str, _Package]:
    """The distributions that hold each file below a shared package."""
    _by_files(folder)
    known = _shared.get((folder, top))
    if known is None:
        known = {}
        for entry, package in _holders.get(folder, {}).get(top, ()):
            lines = _lines(os.path.join(folder, entry, "RECORD"))
            known |= {line.partition(",")[0]: package for line in lines if line.startswith(f"{top}/")}
        _shared[folder, top] = known
    return known


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "_", name).lower()


def _by_name(folder: str) -> dict[str, _Package]:
    """The distributions whose metadata lie in a folder, by their plain names."""
    try:
        changed = os.stat(folder).st_mtime_ns
        known = _folders.get(folder)
        if known is not None and known[0] == changed:
            return known[1]
        matches = [match for entry in os.listdir(folder) if (match := _INFO.fullmatch(entry))]
    except OSError:
        return {}
    found = {_plain(match["name"]): (match["name"].replace("_", "-"), match["version"]) for match in matches}
    _folders[folder] = (changed, found)
    _deep.pop(folder, None)
    for shared in [key for key in list(_shared) if key[0] == folder]:
        _shared.pop(shared, None)
    return found


def _by_files(folder: str) -> dict[str, _Package]:
    """The distributions of a folder by the modules that they hold: read from their lists of files, once."""
    known = _deep.get(folder)
    if known is not None:
        return known
    found: dict[str, _Package] = {}
    holders: dict[str, list[tuple[str, _Package]]] = {}
    try:
        entries = sorted(os.listdir(folder))
    except OSError:
        entries = []
    for entry in entries:
        match = _INFO.fullmatch(entry)
        if match:
            package = (match["name"].replace("_", "-"), match["version"])
            for top in _tops(os.path.join(folder, entry)):
                found.setdefault(top, package)
                holders.setdefault(top, []).append((entry, package))
    _holders[folder], _deep[folder] = holders, found  # known only when whole: another thread may ask meanwhile
    return found


def _tops(info: str) -> set[str]:
    for name, is_record in (("top_level.txt", False), ("RECORD", True)):
        lines = _lines(os.path.join(info, name))
        if not lines:
            continue
        if not is_record:
            return {line.strip().partition("/")[0] for line in lines if line.strip()}
        tops = {line.partition(",")[0].partition("/")[0] for line in lines}
        return {top.partition(".")[0] for top in tops if not top.endswith((".dist-info", ".pth", "..", "__pycache__"))}
    return set()


def _lines(path: str) -> list[str]:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read(_MAX_RECORD).splitlines()
    except OSError:
        return []

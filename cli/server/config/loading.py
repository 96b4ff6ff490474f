"""Reading the configuration. Every refusal names the file or variable, the key, and the remedy."""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, cast

import msgspec
import yaml

from cli.server.config import environment as variables
from cli.server.config.approvals import Approval
from cli.server.config.keys import Key, descriptions, keys
from cli.server.config.providers import Provider
from cli.server.config.section import Section
from cli.server.config.settings import MachineAuth, Settings
from cli.server.config.strict_yaml import StrictLoader
from domain.errors import Misconfigured

_MOST_BYTES: Final = 256 * 1024
_REFERENCE: Final = "see docs/reference/configuration.md"
ENTRIES: Final[Mapping[str, type[Section]]] = {
    "secrets.approvals": Approval,
    "secrets.machine_auth": MachineAuth,
    "secrets.providers": Provider,
}
"""What the entries of lists are."""
_INDEX: Final = re.compile(r"\[\d*\].*")


def load(
    file: Path | None = None,
    environment: Mapping[str, str] | None = None,
    *,
    keep_environment_paths: bool = True,
    **overrides: str,
) -> Settings:
    """Defaults, then `file` (or `TRSTCTL_CONFIG_FILE`), then `TRSTCTL_…` variables, then `overrides` (top-level keys).

    Without `keep_environment_paths` the variables that name files are left aside. Raises `Misconfigured`.
    """
    environment = os.environ if environment is None else environment
    named = file or (_named(environment) if keep_environment_paths else None)
    found = _of_file(named) if named else {}
    given = variables.values(environment, with_paths=keep_environment_paths)
    for path, value in given.items():
        _put(found, path, value)
    found.update(overrides)
    return _located(_converted(found, named, given))


def _named(environment: Mapping[str, str]) -> Path | None:
    text = environment.get(variables.CONFIG_FILE)
    return Path(text) if text else None


def _of_file(file: Path) -> dict[str, Any]:
    found = _parsed(file, _read(file))
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise Misconfigured(f"{file}: write keys and values, such as 'listen: 127.0.0.1:8443'")
    return _known_only(file, found, ())


def _read(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            text = opened.read(_MOST_BYTES + 1)
    except OSError as error:
        raise Misconfigured(f"{file}: {error.strerror}; name a configuration file that this user may read") from error
    if len(text) > _MOST_BYTES:
        raise Misconfigured(f"{file}: a configuration has at most {_MOST_BYTES} bytes; is this the right file?")
    return text


def _parsed(file: Path, text: bytes) -> object:
    try:
        return cast("object", yaml.load(text, Loader=StrictLoader))  # noqa: S506 - a subclass of SafeLoader
    except yaml.MarkedYAMLError as error:
        line = f"line {error.problem_mark.line + 1}: " if error.problem_mark else ""
        # The error's own text would quote the line, in which a password may stand.
        raise Misconfigured(f"{file}: {line}{error.problem or 'not YAML'}") from error
    except (yaml.YAMLError, UnicodeDecodeError, ValueError, RecursionError) as error:
        raise Misconfigured(
            f"{file}: this is no YAML that a configuration could be written in; {_REFERENCE}"
        ) from error


def _known_only(file: Path, part: Mapping[Any, Any], above: tuple[str, ...]) -> dict[str, Any]:
    """`part` with its sections, of which an empty one may be left so; raises `Misconfigured` for a key there is not."""
    leaves = {key.path for key in keys()}
    sections = {path[:depth] for path in leaves for depth in range(1, len(path))}
    kept: dict[str, Any] = {}
    for name, value in part.items():
        path = (*above, str(name))
        if path in sections:
            if not isinstance(value, dict | None):
                raise Misconfigured(f"{file}: {'.'.join(path)} is a section; write its keys below it, indented")
            kept[path[-1]] = _known_only(file, value or {}, path)
        elif path in leaves:
            kept[path[-1]] = value
        else:
            raise Misconfigured(f"{file}: there is no key {'.'.join(path)}; {_meant(path, leaves | sections)}")
    return kept


def _meant(path: tuple[str, ...], known: set[tuple[str, ...]]) -> str:
    names = [".".join(each) for each in known]
    same_last = [each for each in names if each.rpartition(".")[2] == path[-1]]
    near = same_last or difflib.get_close_matches(".".join(path), names, n=1)
    return f"did you mean {near[0]}?" if near else _REFERENCE


def _put(found: dict[str, Any], path: tuple[str, ...], value: object) -> None:
    section = found
    for name in path[:-1]:
        section = section.setdefault(name, {})
    section[path[-1]] = value


def _converted(found: dict[str, Any], file: Path | None, given: Mapping[tuple[str, ...], object]) -> Settings:
    try:
        return msgspec.convert(found, Settings)
    except msgspec.ValidationError as error:
        problem, _, place = str(error).partition(" - at `$.")
        place = place.rstrip("`")
        key = next(key for key in keys() if key.dotted == _INDEX.sub("", place))
        source = f"environment: {key.variable} ({place})" if key.path in given else f"{file}: {place}"
        raise Misconfigured(f"{source}: {_told(problem)}. {_remedy(key, problem)}") from error


def _told(problem: str) -> str:
    """What is wrong; a regular expression says nothing to most people."""
    return "not of the expected form" if "matching regex" in problem else problem.replace("`", "")


def _remedy(key: Key, problem: str) -> str:
    if "unknown field" in problem:
        return f"An entry of {key.dotted} has {', '.join(descriptions(ENTRIES[key.dotted]))}"
    return key.description


def _located(settings: Settings) -> Settings:
    """Paths that have a default beneath `data_dir` are filled in."""
    base = Path(settings.data_dir).absolute()
    checkpoints = settings.audit.checkpoints
    filled = msgspec.structs.replace(checkpoints, dir=checkpoints.dir or str(base / "checkpoints"))
    return msgspec.structs.replace(
        settings,
        data_dir=str(base),
        secrets=msgspec.structs.replace(settings.secrets, kek_file=settings.secrets.kek_file or str(base / "kek")),
        audit=msgspec.structs.replace(settings.audit, checkpoints=filled),
    )

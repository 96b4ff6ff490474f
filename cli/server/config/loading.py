"""Reading the configuration. Every refusal names the file or variable, the key, and the remedy."""

from __future__ import annotations

import difflib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import msgspec
import yaml

from cli.server.config.keys import Key, keys
from cli.server.config.settings import Settings
from cli.server.config.strict_yaml import StrictLoader
from domain.errors import Misconfigured

_MOST_BYTES: Final = 1024 * 1024
_BOOLEANS: Final = {
    "1": "true",
    "yes": "true",
    "on": "true",
    "true": "true",
    "0": "false",
    "no": "false",
    "off": "false",
    "false": "false",
}
_CLIENT: Final = frozenset(
    {
        "TRSTCTL_SERVER",
        "TRSTCTL_TOKEN",
        "TRSTCTL_TOKEN_FILE",
        "TRSTCTL_CACERT",
        "TRSTCTL_IDEMPOTENCY_KEY",
        "TRSTCTL_OUTPUT",
    }
)
_OTHERS: Final = frozenset({"TRSTCTL_CONFIG_FILE", "TRSTCTL_HARDENING", "TRSTCTL_HARDENED", "TRSTCTL_FAIL_POINT"})


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
    named = file or (Path(text) if (text := environment.get("TRSTCTL_CONFIG_FILE")) else None)
    found = _of_file(named) if named else {}
    _refuse_unknown(found, named)
    sources: dict[str, str] = {}
    for key in keys():
        if key.variable in environment and (keep_environment_paths or not _is_path(key)):
            _put(found, key, environment[key.variable])
            sources[key.dotted] = key.variable
    _refuse_unknown_variables(environment)
    for path, value in overrides.items():
        found[path] = value
    return _located(_converted(found, named, sources))


def _is_path(key: Key) -> bool:
    return key.path[-1] in {"store", "data_dir", "dir"} or key.path[-1].endswith("_file")


def _of_file(file: Path) -> dict[str, Any]:
    try:
        text = file.read_bytes()
    except OSError as error:
        raise Misconfigured(f"{file}: {error.strerror}; name a file that this user may read") from error
    if len(text) > _MOST_BYTES:
        raise Misconfigured(f"{file}: a configuration has at most {_MOST_BYTES} bytes")
    try:
        found = yaml.load(text, Loader=StrictLoader)  # noqa: S506 - a subclass of SafeLoader
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise Misconfigured(f"{file}: not YAML as it should be: {error}") from error
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise Misconfigured(f"{file}: write keys and values, such as 'listen: 127.0.0.1:8443'")
    return found


def _refuse_unknown(found: Mapping[str, Any], file: Path | None) -> None:
    known = {key.path[: depth + 1] for key in keys() for depth in range(len(key.path))}
    leaves = {key.path for key in keys()}

    def walk(part: Mapping[str, Any], above: tuple[str, ...]) -> None:
        for name, value in part.items():
            path = (*above, str(name))
            if path not in known:
                raise Misconfigured(f"{file}: there is no key {'.'.join(path)!r}{_meant(path, known)}")
            if path not in leaves:
                if not isinstance(value, dict):
                    raise Misconfigured(f"{file}: {'.'.join(path)} is a section; write its keys below it, indented")
                walk(value, path)

    walk(found, ())


def _meant(path: tuple[str, ...], known: set[tuple[str, ...]]) -> str:
    near = difflib.get_close_matches(".".join(path), [".".join(each) for each in known], n=1)
    return f"; did you mean {near[0]!r}?" if near else "; see docs/reference/configuration.md"


def _refuse_unknown_variables(environment: Mapping[str, str]) -> None:
    known = {key.variable for key in keys()} | _CLIENT | _OTHERS
    for name in environment:
        if name.startswith("TRSTCTL_") and name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            meant = f"; did you mean {near[0]}?" if near else "; see docs/reference/configuration.md"
            raise Misconfigured(f"environment: there is no variable {name}{meant}")


def _put(found: dict[str, Any], key: Key, text: str) -> None:
    section = found
    for name in key.path[:-1]:
        section = section.setdefault(name, {})
    try:
        if isinstance(key.default, bool):
            text = _BOOLEANS.get(text.lower(), text)
        section[key.path[-1]] = text if isinstance(key.default, str) else msgspec.json.decode(text)
    except msgspec.DecodeError as error:
        raise Misconfigured(
            f"environment: {key.variable}: {text!r} is not understood; write it as JSON would"
        ) from error


def _converted(found: dict[str, Any], file: Path | None, sources: Mapping[str, str]) -> Settings:
    try:
        return msgspec.convert(found, Settings)
    except msgspec.ValidationError as error:
        text = str(error)
        path = text.partition(" - at `$.")[2].rstrip("`")
        source = f"environment: {sources[path]}" if path in sources else str(file)
        remedy = next((key.description for key in keys() if key.dotted == path), "")
        raise Misconfigured(f"{source}: {path}: {text.partition(' - at')[0]}. {remedy}") from error


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

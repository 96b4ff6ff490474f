"""Comparisons for the wire; values are in them only if they were asked for."""

from __future__ import annotations

import msgspec
from msgspec import UNSET, UnsetType

from api.replies import text_of
from domain.commands.comparing import Difference, FolderDiff, VersionDiff
from domain.plaintext import Plaintext


class NameDifference(msgspec.Struct, frozen=True, kw_only=True):
    """A name that both folders have, with different values: shown as text, or as base64 if they are not UTF-8."""

    name: str
    left_version: int
    right_version: int
    left_value: str | UnsetType = UNSET
    left_value_b64: bytes | UnsetType = UNSET
    right_value: str | UnsetType = UNSET
    right_value_b64: bytes | UnsetType = UNSET


class FolderDifference(msgspec.Struct, frozen=True, kw_only=True):
    """Names, told without their folder, that are in one folder only, equal, or different."""

    left: str
    right: str
    only_left: list[str]
    only_right: list[str]
    equal: list[str]
    different: list[NameDifference]


class VersionDifference(msgspec.Struct, frozen=True, kw_only=True):
    """Whether two versions of a secret are equal: shown as text, or as base64 if they are not UTF-8."""

    name: str
    from_version: int = msgspec.field(name="from")
    to_version: int = msgspec.field(name="to")
    equal: bool
    from_value: str | UnsetType = UNSET
    from_value_b64: bytes | UnsetType = UNSET
    to_value: str | UnsetType = UNSET
    to_value_b64: bytes | UnsetType = UNSET


def told_folders(diff: FolderDiff) -> FolderDifference:
    """The comparison of two folders; wipes the buffers it came in."""
    return FolderDifference(
        left=diff.left,
        right=diff.right,
        only_left=diff.only_left,
        only_right=diff.only_right,
        equal=diff.equal,
        different=[_told_name(each) for each in diff.different],
    )


def _told_name(each: Difference) -> NameDifference:
    left, left_b64 = _shown(each.left_value)
    right, right_b64 = _shown(each.right_value)
    return NameDifference(
        name=each.name,
        left_version=each.left_version,
        right_version=each.right_version,
        left_value=left,
        left_value_b64=left_b64,
        right_value=right,
        right_value_b64=right_b64,
    )


def told_versions(diff: VersionDiff) -> VersionDifference:
    """The comparison of two versions; wipes the buffers it came in."""
    old, old_b64 = _shown(diff.from_value)
    new, new_b64 = _shown(diff.to_value)
    return VersionDifference(
        name=diff.name,
        from_version=diff.from_version,
        to_version=diff.to_version,
        equal=diff.equal,
        from_value=old,
        from_value_b64=old_b64,
        to_value=new,
        to_value_b64=new_b64,
    )


def _shown(value: Plaintext | None) -> tuple[str | UnsetType, bytes | UnsetType]:
    if value is None:
        return UNSET, UNSET
    with value:
        text = text_of(value)
        return (text, UNSET) if text is not None else (UNSET, bytes(value.buffer))

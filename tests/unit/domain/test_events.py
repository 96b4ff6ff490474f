"""The table of events: explicit topics that never change, and no field that could carry a value."""

from __future__ import annotations

import re
import types
import typing
from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

import msgspec
import pytest
from eventsourcing.utils import resolve_topic

from domain.delivery import DeliveryEvent
from domain.event import AccessEvent, Aggregate, Created, Event
from domain.events import AGGREGATES, EVENTS
from domain.lease import LeaseEvent
from domain.mount import MountEvent
from domain.plaintext import Plaintext
from domain.rotation import RotationEvent
from domain.rotation_schedule import ScheduleEvent
from domain.share import ShareEvent
from domain.transit.events import TransitKeyEvent
from domain.transit.uses import TransitUse
from domain.wrapping import WrappingEvent

# The types a field may have. No bytes, no Plaintext, no float, nothing open.
FIELD_TYPES = {str, int, bool, datetime, UUID, type(None), list[str], list[int], tuple[str, ...], dict[str, str]}

# Every field there is. A new one is added here by somebody who asks: could a value ever stand in it?
FIELD_NAMES = {
    "originator_id", "originator_version", "originator_topic", "timestamp",
    "path", "number", "numbers", "everything", "how", "cause", "recovered_from", "variables", "left", "right",
    "seal_id", "seal_digest", "content_type", "metadata", "references",
    "token_id", "subject", "scopes", "expires_at", "parent", "hash", "reason", "policies", "terms", "orphaning",
    "name", "title", "old", "new", "keys", "key_id", "public",
    "kind", "ref", "destination", "node", "until", "error", "detail", "retry_at",
    "lease_id", "provider", "role", "settings", "account", "max_expires_at", "give_up_at", "look_at", "handle",
    "approval_id", "action", "base", "lives", "digest", "lineage", "needed", "approvers",
    "rotation_id", "key", "old_ref", "new_ref", "grace_seconds", "schedule_id", "go_on_at", "phase", "timetable",
    "enabled", "next_run_at", "connection", "default_ttl_seconds", "max_ttl_seconds",
    "share_id", "max_views", "guarded", "max_tries", "note", "remaining", "address", "agent",
    "key_type", "derived", "convergent", "size", "exportable", "plaintext_backup", "auto_rotate_seconds",
    "next_rotation_at", "min_available", "min_decryption", "min_encryption", "deletion_allowed", "made_at",
    "count", "failed",
    "mount", "accessor", "method", "max_uses", "ttl_seconds", "cidrs", "token_cidrs",
    "text", "rules", "description", "options",
    "wrapping_id", "creation_path", "holds",
    "max_versions", "cas_required", "delete_after_seconds", "custom_metadata",
}  # fmt: skip

NEVER = re.compile(
    r"(^|_)(value|values|plaintext|secret|secrets|password|passphrase|token|bearer|credential|cleartext|private|seed|dek|"
    r"sealed|ciphertext|wrapped|payload|data|content|b64|bytes|raw)$|^salt$|^v$"
)

# Topics are in logs for ever: what stands here is never taken away or given to something else.
TOPICS = {
    "acl_policy.created", "acl_policy.deleted", "acl_policy.written",
    "api_token.issued", "api_token.renewed", "api_token.revoked", "api_token.used",
    "approval.bypassed", "approval.denied", "approval.expired", "approval.granted", "approval.requested",
    "approval.used", "approval.voided", "approval.withdrawn",
    "cubbyhole.created", "cubbyhole.ended", "cubbyhole.entries.destroyed", "cubbyhole.read", "cubbyhole.written",
    "delivery.attempted", "delivery.failed", "delivery.parked", "delivery.resolved", "delivery.retried",
    "lease.failed", "lease.issued", "lease.renewal.failed", "lease.renewal.requested", "lease.renewed",
    "lease.requested", "lease.revocation.requested", "lease.revocation.verified",
    "login.refused", "login.succeeded",
    "login_method.configured", "login_method.created", "login_method.removed",
    "login_role.configured", "login_role.created", "login_role.removed",
    "login_secret_id.destroyed", "login_secret_id.issued", "login_secret_id.used",
    "mount.closed", "mount.disabled", "mount.enabled", "mount.tuned", "mount_table.created",
    "rotation.completed", "rotation.cut_over", "rotation.failed", "rotation.restored",
    "rotation.rolled_back", "rotation.staged", "rotation.started", "rotation.verified",
    "rotation_schedule.created", "rotation_schedule.fired",
    "rotation_schedule.removed", "rotation_schedule.set", "rotation_schedule.skipped",
    "provider.configured", "provider.created", "provider.credentials.destroyed", "provider.credentials.staged",
    "provider.removed",
    "provider.role.configured", "provider.role.removed",
    "kek.rotated", "kv_mount.configured", "kv_mount.known", "secret.compared", "secret.created", "secret.deleted",
    "secret.injected", "secret.read", "secret.undeleted", "secret.version.written", "secret.versions.destroyed",
    "secret.forgotten", "secret.settings.changed", "secret.versions.deleted", "secret.versions.expiring",
    "secret.versions.pruned", "secret.versions.undeleted",
    "share.created", "share.expired", "share.locked", "share.passphrase.failed", "share.revoked", "share.viewed",
    "signing_key.created", "tenant.created",
    "transit.authenticated", "transit.backed_up", "transit.data_key.made", "transit.decrypted", "transit.drawn",
    "transit.encrypted", "transit.exported", "transit.hashed", "transit.rewrapped", "transit.set_aside",
    "transit.signed", "transit.verified",
    "transit_key.configured", "transit_key.created", "transit_key.deleted", "transit_key.restored",
    "transit_key.rotated", "transit_key.trimmed", "transit_key.version.restored",
    "static_role.configured", "static_role.created", "static_role.passwords.destroyed", "static_role.read",
    "static_role.removed", "static_role.rotated", "static_role.rotation.started",
    "token_role.configured", "token_role.created", "token_role.removed",
    "wrapping.created", "wrapping.expired", "wrapping.refused", "wrapping.revoked", "wrapping.used",
}  # fmt: skip


BASES = {
    AccessEvent, Created, DeliveryEvent, MountEvent, RotationEvent, ScheduleEvent, LeaseEvent, ShareEvent,
    WrappingEvent, TransitKeyEvent, TransitUse,
}  # fmt: skip


def descendants(kind: type) -> Iterator[type]:
    child: type
    for child in kind.__subclasses__():
        yield child
        yield from descendants(child)


def of_the_domain(kind: type) -> list[type]:
    return sorted(
        {each for each in descendants(kind) if each.__module__.startswith("domain.")}, key=lambda it: it.__name__
    )


def parts(annotation: object) -> set[object]:
    if typing.get_origin(annotation) in {typing.Union, types.UnionType}:
        return set(typing.get_args(annotation))
    return {annotation}


def faults(kind: type[msgspec.Struct]) -> list[str]:
    """Fields of an event that could carry a value."""
    found = []
    for name, annotation in typing.get_type_hints(kind).items():
        if typing.get_origin(annotation) is typing.ClassVar:
            continue
        if name not in FIELD_NAMES or NEVER.search(name):
            found.append(name)
        elif not parts(annotation) <= FIELD_TYPES:
            found.append(f"{name}: {annotation}")
    return found


def test_table_holds_every_event_under_its_own_topic() -> None:
    concrete = [kind for kind in of_the_domain(Event) if kind not in BASES]
    assert {kind.__name__ for kind in concrete} == {kind.__name__ for kind in EVENTS.values()}
    for topic, kind in EVENTS.items():
        assert kind.__dict__.get("TOPIC") == topic, "the topic must be explicit, not inherited"
        assert resolve_topic(topic) is kind


def test_topics_are_those_in_the_logs_out_there() -> None:
    assert set(EVENTS) == TOPICS
    assert all(re.fullmatch(r"[a-z_]+(\.[a-z_]+)+", topic) for topic in TOPICS)


def test_table_holds_every_aggregate_under_its_own_topic() -> None:
    assert of_the_domain(Aggregate) == sorted(AGGREGATES, key=lambda it: it.__name__)
    assert {aggregate.__dict__.get("TOPIC") for aggregate in AGGREGATES} == {
        "acl_policy", "api_token", "approval", "cubbyhole", "kv_mount", "lease", "login_method", "login_role",
        "login_secret_id", "mount_table", "provider", "rotation", "rotation_schedule", "secret", "share",
        "static_role", "tenant", "token_role", "transit_key", "wrapping",
    }  # fmt: skip
    for aggregate in AGGREGATES:
        topic = aggregate.__dict__["TOPIC"]
        assert resolve_topic(topic) is aggregate


def test_first_events_name_their_aggregate_by_its_topic() -> None:
    for kind in EVENTS.values():
        if issubclass(kind, Created):
            assert kind.TOPIC.partition(".")[0] in {aggregate.__dict__["TOPIC"] for aggregate in AGGREGATES}


@pytest.mark.parametrize("topic", sorted(EVENTS))
def test_event_has_no_field_that_could_carry_a_value(topic: str) -> None:
    assert faults(EVENTS[topic]) == []


@pytest.mark.parametrize("topic", sorted(EVENTS))
def test_event_is_frozen(topic: str) -> None:
    assert EVENTS[topic].__struct_config__.frozen


@pytest.mark.parametrize(
    "name,annotation",
    [
        ("value", str),
        ("path", bytes),
        ("path", Plaintext),
        ("path", str | bytes),
        ("number", float),
        ("path", object),
        ("variables", dict[str, bytes]),
        ("new_password", str),
        ("api_token", str),
        ("salt", str),
        ("surprise", str),
    ],
)
def test_field_that_could_carry_a_value_would_be_noticed(name: str, annotation: type) -> None:
    leaky = msgspec.defstruct("Leaky", [(name, annotation)])
    assert len(faults(leaky)) == 1


def test_field_names_allowed_are_in_use() -> None:
    used = {name for kind in EVENTS.values() for name in kind.__struct_fields__}
    assert used == FIELD_NAMES

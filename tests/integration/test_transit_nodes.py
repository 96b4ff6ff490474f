"""Keys kept open on several nodes: each holds to the log, counts encryptions, and gives nothing without a record."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cli.server.transit import Transit
from domain.call import Call
from domain.commands.transit import TransitCommands
from domain.commands.transit_items import Decrypted, Encrypted, ToDecrypt, ToEncrypt
from domain.errors import Conflict, Invalid, KeyUnavailable, NotFound, StoreUnavailable
from domain.plaintext import Plaintext
from domain.ports import Append
from domain.transit.format import NATIVE, written
from domain.transit.key_types import TYPES
from domain.transit.plans import KeyPlan
from tests.assembly import Assembly, assembled, call

pytestmark = pytest.mark.anyio


class Nodes:
    """One store and two nodes with a key `k` open on both."""

    def __init__(self, system: Assembly, tenant: str) -> None:
        self.system = system
        self.call: Call = call(tenant)
        self.here = system.transit
        self.there = Transit(system, system.clock)

    async def encrypted(self, at: TransitCommands, count: int = 1) -> list[str]:
        items = [ToEncrypt(Plaintext(bytearray(b"x"))) for _ in range(count)]
        outcomes = (await at.encryption.encrypt(self.call, "k", items)).result
        return [written(NATIVE, *each) for each in outcomes if isinstance(each, Encrypted)]

    async def decrypted(self, at: TransitCommands, text: str) -> bytes | str:
        (outcome,) = (await at.encryption.decrypt(self.call, "k", [ToDecrypt(text)])).result
        return bytes(outcome.plaintext.buffer) if isinstance(outcome, Decrypted) else outcome.message

    async def set_aside(self) -> list[int]:
        rows = await self.system.rows("SELECT encryptions FROM transit_key_versions ORDER BY number")
        return [count for (count,) in rows]


@pytest.fixture
async def nodes(tmp_path: Path) -> AsyncIterator[Nodes]:
    async with assembled(tmp_path) as system:
        made = Nodes(system, await system.new_tenant("acme"))
        await made.here.commands.keys.create(made.call, "k", KeyPlan(type=TYPES["aes256-gcm96"]))
        await made.encrypted(made.here.commands)
        await made.encrypted(made.there.commands)
        yield made
        made.there.close()


async def test_rotation_elsewhere_holds_for_the_next_request(nodes: Nodes) -> None:
    await nodes.here.commands.keys.rotate(nodes.call, "k")
    assert (await nodes.encrypted(nodes.there.commands))[0].startswith("trv:2:")
    (text,) = await nodes.encrypted(nodes.here.commands)
    assert await nodes.decrypted(nodes.there.commands, text) == b"x"


async def test_ciphertext_of_a_version_that_this_node_has_not_heard_of_decrypts(nodes: Nodes) -> None:
    await nodes.here.commands.keys.rotate(nodes.call, "k")
    (text,) = await nodes.encrypted(nodes.here.commands)
    assert await nodes.decrypted(nodes.there.commands, text) == b"x"


async def test_minimum_and_deletion_elsewhere_hold_for_the_next_request(nodes: Nodes) -> None:
    (text,) = await nodes.encrypted(nodes.there.commands)
    assert await nodes.decrypted(nodes.there.commands, text) == b"x"
    keys = nodes.here.commands.keys
    await keys.rotate(nodes.call, "k")
    await keys.configure(nodes.call, "k", {"min_decryption": 2, "deletion_allowed": True})
    assert "does not decrypt" in str(await nodes.decrypted(nodes.there.commands, text))
    await keys.delete(nodes.call, "k")
    with pytest.raises(NotFound):
        await nodes.decrypted(nodes.there.commands, text)


async def test_key_that_took_the_place_of_another_is_the_one_that_is_used(nodes: Nodes) -> None:
    (text,) = await nodes.encrypted(nodes.there.commands)
    keys = nodes.here.commands.keys
    await keys.configure(nodes.call, "k", {"deletion_allowed": True})
    await keys.delete(nodes.call, "k")
    await keys.create(nodes.call, "k", KeyPlan(type=TYPES["aes256-gcm96"]))
    assert "does not decrypt" in str(await nodes.decrypted(nodes.there.commands, text))
    (new,) = await nodes.encrypted(nodes.there.commands)
    assert await nodes.decrypted(nodes.here.commands, new) == b"x"


async def test_each_node_sets_aside_what_it_encrypts(nodes: Nodes) -> None:
    first = await nodes.set_aside()
    assert first == [2 * 4096 + 3], "a block, what was wanted then, and so the other node"
    for _ in range(4):
        await nodes.encrypted(nodes.here.commands, 1000)
    assert await nodes.set_aside() == first, "what was set aside is used first"
    await nodes.encrypted(nodes.here.commands, 1000)
    assert (await nodes.set_aside())[0] > first[0]
    assert sum(await nodes.set_aside()) >= 5000 + 2


async def test_what_was_set_aside_is_not_lost_when_the_key_is_configured(nodes: Nodes) -> None:
    before = await nodes.set_aside()
    await nodes.here.commands.keys.configure(nodes.call, "k", {"exportable": True})
    await nodes.encrypted(nodes.here.commands)
    assert await nodes.set_aside() == before


async def test_version_that_has_made_all_its_encryptions_makes_no_more(nodes: Nodes) -> None:
    await nodes.system.log.append(
        Append(
            tenant=nodes.call.tenant, actor="test", request_id="r", events=[],
            statements=[("UPDATE transit_key_versions SET encryptions = ?", (2**32 - 100,))],
        )
    )  # fmt: skip
    for _ in range(4):  # what is set aside already
        await nodes.encrypted(nodes.here.commands, 1000)
    with pytest.raises(Conflict, match="rotate the key"):
        await nodes.encrypted(nodes.here.commands, 1000)
    await nodes.here.commands.keys.rotate(nodes.call, "k")
    assert len(await nodes.encrypted(nodes.here.commands, 1000)) == 1000


async def test_nothing_goes_out_if_its_record_cannot_be_written(nodes: Nodes, monkeypatch: pytest.MonkeyPatch) -> None:
    (text,) = await nodes.encrypted(nodes.here.commands)
    made: list[Plaintext] = []
    kept = Decrypted.__new__

    async def refuse(_entry: Append) -> int:
        raise StoreUnavailable("the disk is full")

    def seen(kind: type[Decrypted], version: int, plaintext: Plaintext) -> Decrypted:
        made.append(plaintext)
        return kept(kind, version, plaintext)

    monkeypatch.setattr(Decrypted, "__new__", seen)
    monkeypatch.setattr(nodes.system.committer, "append", refuse)
    with pytest.raises(StoreUnavailable):
        await nodes.decrypted(nodes.here.commands, text)
    assert len(made) == 1
    assert not any(made[0].buffer), "what was decrypted is wiped"


async def test_closed_node_has_wiped_its_keys(nodes: Nodes) -> None:
    ring = nodes.there._ring
    (key,) = ring._kept.values()
    (material,) = key.materials.values()
    nodes.there.close()
    assert not ring._kept
    with pytest.raises(KeyUnavailable):
        material.encrypt(Plaintext(bytearray(b"x")), b"", b"")


async def test_refused_item_does_not_sink_those_beside_it(nodes: Nodes) -> None:
    items: list[ToEncrypt | Invalid] = [
        ToEncrypt(Plaintext(bytearray(b"x"))),
        Invalid("the face could not read it"),
        ToEncrypt(Plaintext(bytearray(b"x")), version=9),
    ]
    outcomes = (await nodes.here.commands.encryption.encrypt(nodes.call, "k", items)).result
    assert [type(each) for each in outcomes] == [Encrypted, Invalid, Invalid]

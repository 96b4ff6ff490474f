"""The attacks, and what must be told of each first."""

from __future__ import annotations

from typing import Final, NamedTuple

from tests.tampering import chain, history, sealed
from tests.tampering.world import DESTROYED, FIRST, KEY_CREATED, LAST, READ, Attack


class Case(NamedTuple):
    """An attack, and what must be told of it first."""

    attack: Attack
    check: str
    position: int | None

    @property
    def name(self) -> str:
        """For the list of tests."""
        return self.attack.__name__


HEADER: Final = ("id", "stream", "version", "type", "tenant", "time", "actor", "request_id")

CORPUS: Final = (
    Case(chain.flip_a_bit_of_a_body, "hash", READ),
    Case(chain.flip_a_bit_of_a_hash, "hash", READ),
    Case(chain.flip_a_bit_of_a_prev_hash, "link", READ),
    *(Case(chain.flip_header(column, number), "hash", READ) for number, column in enumerate(HEADER, 1)),
    Case(chain.make_text_undecodable, "hash", READ),
    Case(chain.drop_an_event, "position", READ),
    Case(chain.drop_an_event_and_close_the_gap, "link", READ),
    Case(chain.drop_the_first_event, "position", 1),
    Case(chain.swap_two_events, "link", READ),
    Case(chain.duplicate_an_event, "link", READ + 1),
    Case(chain.duplicate_a_position, "position", READ),
    Case(chain.insert_an_event, "link", READ + 1),
    Case(history.cut_the_tail, "checkpoint-size", READ),
    Case(history.empty_the_log, "checkpoint-size", 1),
    Case(history.rewrite_with_right_hashes, "checkpoint-head", LAST),
    Case(chain.splice_two_stores, "link", READ),
    Case(history.put_another_store_in_its_place, "signing-key", KEY_CREATED),
    Case(history.roll_back_to_an_older_copy, "checkpoint-size", 21),
    Case(history.roll_back_and_write_on, "checkpoint-head", LAST),
    Case(sealed.replace_a_sealed_value_by_an_older_one, "sealed-digest", FIRST + 2),
    Case(sealed.flip_a_bit_of_a_sealed_value, "sealed-digest", FIRST + 1),
    Case(sealed.delete_a_sealed_value, "sealed-absent", FIRST + 1),
    Case(sealed.move_a_sealed_value_to_another_tenant, "sealed-absent", FIRST + 1),
    Case(sealed.add_a_sealed_value, "sealed-unnamed", None),
    Case(sealed.add_a_data_key, "key-unnamed", None),
    Case(sealed.delete_a_data_key, "key-lost", FIRST + 1),
    Case(sealed.bring_back_a_destroyed_key, "key-kept", DESTROYED),
    Case(chain.hide_an_event_by_its_type, "shape", READ),
    Case(chain.spoil_a_body_with_right_hashes, "body", LAST + 1),
    Case(history.cut_and_sign_with_another_key, "checkpoint-signature", 17),
    Case(history.cut_and_replace_the_key, "signing-key", KEY_CREATED),
    Case(history.spoil_a_checkpoint, "checkpoint-form", None),
)
"""With the checkpoints beside the store."""


ONLY: Final = {
    "shape": chain.hide_an_event_by_its_type,
    "position": chain.close_a_gap_in_positions_with_right_hashes,
    "link": chain.break_one_link_with_right_hashes,
    "hash": chain.flip_a_bit_of_a_body,
    "sealed-digest": sealed.flip_a_bit_of_a_sealed_value,
    "sealed-unnamed": sealed.add_a_sealed_value,
    "key-unnamed": sealed.add_a_data_key,
    "key-lost": sealed.delete_a_data_key,
    "key-kept": sealed.bring_back_a_destroyed_key,
    "sealed-absent": sealed.delete_a_sealed_value,
    "body": chain.spoil_a_body_with_right_hashes,
    "checkpoint-form": history.spoil_a_checkpoint,
    "checkpoint-signature": history.sign_one_checkpoint_with_another_key,
    "checkpoint-size": history.cut_the_tail,
    "checkpoint-head": history.rewrite_with_right_hashes,
    "signing-key": history.cut_and_replace_the_key,
}
"""For each check an attack that it alone finds."""

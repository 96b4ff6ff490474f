"""Leases issued and revoked over HTTPS by wrk, each connection with the next of either."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

from tests.bench.lease_store import PROVIDER, ROLE
from tests.bench.load import run_script
from tests.bench.processes import Server

_SCRIPT: Final = f"""
ids = {{}}
request = function()
  local id = table.remove(ids)
  if id then
    return wrk.format('POST', '/api/v1/secrets/leases/' .. id .. '/revoke', nil, '')
  end
  return wrk.format('POST', '/api/v1/secrets/leases', nil, '{{"provider":"{PROVIDER}","role":"{ROLE}"}}')
end
response = function(status, headers, body)
  local id = string.match(body, '"id":"(lse_%x+)"')
  if status == 201 and id then table.insert(ids, id) end
end"""
_SEEN: Final = "SELECT count(*) FROM leases WHERE gone_at IS NOT NULL"


def issue_and_revoke(server: Server, folder: Path, *, connections: int, seconds: int) -> float:
    """Leases a second that were issued, revoked, and seen to be gone."""
    with closing(sqlite3.connect(folder / "trstctl.db")) as store:
        ((before,),) = store.execute(_SEEN)
        run_script(server, _SCRIPT, connections, seconds)
        ((after,),) = store.execute(_SEEN)
    return float(after - before) / seconds

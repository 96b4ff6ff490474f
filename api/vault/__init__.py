"""The Vault surface: `/v1/*` as clients of Vault and OpenBao speak it, over the same commands as the native routes."""

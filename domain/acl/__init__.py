"""Access rules as Vault's policies state them: read, compiled, asked, translated to native scopes."""

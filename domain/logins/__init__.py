"""Methods to log in by, as Vault's clients know them: approle, userpass, jwt and kubernetes."""

"""Transit encryption: keys that never leave, and what is encrypted, signed and authenticated with them."""

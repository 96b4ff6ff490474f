"""Stand-ins for what cannot be had here: each checks what the real one checks."""

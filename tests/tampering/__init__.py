"""Attacks on a stopped embedded store by somebody who can write its files, and where each should be found."""

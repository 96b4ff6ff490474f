"""Verification of a log: rows in, findings out. Shares with what writes the log nothing but `domain.chain`.

Every check is a small function in one table (`domain.verification.checks`); a test removes each in turn and sees that
something then gets through.
"""

from domain.verification.report import Finding, Report
from domain.verification.source import HeldCheckpoint, LogSource, SealedStore, SealedValue
from domain.verification.statements import SealId
from domain.verification.verification import Verification, verify

__all__ = [
    "Finding",
    "HeldCheckpoint",
    "LogSource",
    "Report",
    "SealId",
    "SealedStore",
    "SealedValue",
    "Verification",
    "verify",
]

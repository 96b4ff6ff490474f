"""Environment variables that make a program load or run something else."""

from __future__ import annotations

from typing import Final

_NAMES: Final = frozenset(
    {
        *("PATH", "IFS", "ENV", "BASH_ENV", "SHELLOPTS", "PERL5OPT", "PERL5LIB", "PYTHONPATH", "PYTHONSTARTUP"),
        *("PYTHONHOME", "RUBYOPT", "RUBYLIB", "NODE_OPTIONS", "JAVA_TOOL_OPTIONS", "_JAVA_OPTIONS"),
        *("JDK_JAVA_OPTIONS", "GCONV_PATH"),
    }
)


def steers(name: str) -> bool:
    """Whether a variable of this name steers programs: whoever names variables from afar could be anybody."""
    return name in _NAMES or name.startswith(("LD_", "DYLD_"))

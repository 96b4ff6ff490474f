"""Configuration: defaults, then the file, then the environment; what is not understood is refused."""

from cli.server.config.loading import load
from cli.server.config.settings import Settings

__all__ = ["Settings", "load"]

"""Exports: a lock, or what a notebook declares, as a text that other tools read. Same input, same bytes."""

from .cyclonedx import cyclonedx
from .dockerfile import dockerfile
from .pylock import pylock
from .requirements_txt import environment_yml, requirements_txt
from .script import block, script
from .select import chosen

__all__ = [
    "FORMATS",
    "block",
    "chosen",
    "cyclonedx",
    "dockerfile",
    "environment_yml",
    "pylock",
    "requirements_txt",
    "script",
]

FORMATS = ("requirements", "pylock", "environment-yml", "dockerfile", "script", "cyclonedx")

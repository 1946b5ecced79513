"""Rules that the service models do not hold. Each has its source."""

from . import compute, delivery, messages, monitoring, policies, storage, tags, transcoding
from .registry import NAMES, check

__all__ = [
    "NAMES",
    "check",
    "compute",
    "delivery",
    "messages",
    "monitoring",
    "policies",
    "storage",
    "tags",
    "transcoding",
]

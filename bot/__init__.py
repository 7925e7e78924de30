"""Nabla: a tutor that lives in a chat. Every claim runs."""

__version__ = "0.1.0"

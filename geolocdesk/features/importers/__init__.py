"""Bringing in models that other programs wrote, one module a format."""

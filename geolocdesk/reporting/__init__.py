"""Reporting: one content model, several renderers."""

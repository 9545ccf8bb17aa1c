"""Evaluation: how often, on photos whose place is known, an answer is right at each level."""

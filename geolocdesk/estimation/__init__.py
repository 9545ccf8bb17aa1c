"""Estimation: from neighbours to a place, with a probability per level."""

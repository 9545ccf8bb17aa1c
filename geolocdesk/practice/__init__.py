"""Draws the practice world: synthetic photos at known positions, for the demo, the tutorial and the tests."""

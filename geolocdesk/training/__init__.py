"""Training: cells to classify photos into, and the networks that learn to."""

"""Cartography: base map, overlay, place names, and the pictures made of them."""

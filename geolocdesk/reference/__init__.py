"""References: geotagged photos on disk, indexed for search by descriptor."""

"""Describing a source with the workers of a Dask cluster: each writes shards, which the build joins in order."""

"""Features: what describes a photo to the search, and the models that compute it."""

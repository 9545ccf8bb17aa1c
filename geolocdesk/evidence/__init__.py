"""Evidence: photos read once, hashed, described and never written to."""

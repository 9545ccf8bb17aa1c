"""The child process that computes: torch and faiss live there, so that a window beside it never waits."""

"""The shipped outlines of the world's countries, for whoever asks where a position lies or draws a map."""

"""The case file: one SQLite file that holds an investigation, and a hash-chained record of how it came about."""

"""The command line: one module a command group. ``commands`` names them; nothing heavy is imported before use."""

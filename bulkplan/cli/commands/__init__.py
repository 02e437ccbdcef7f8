"""One module per command: each wires, runs one story, prints one report, and returns one exit code."""

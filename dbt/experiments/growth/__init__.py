"""Time and memory against amounts of code, denied targets, hooks and rewritten code."""

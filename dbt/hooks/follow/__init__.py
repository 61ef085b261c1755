"""What follows from the arrivals that a mechanism reports: stacks, activations, callers."""

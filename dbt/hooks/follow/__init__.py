"""What follows from the arrivals that a mechanism reports: stacks, activations, callers;
and the events of recordings, kept, read and added up."""

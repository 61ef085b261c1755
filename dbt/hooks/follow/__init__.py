"""What a mechanism finds out, followed: stacks, live activations, who called."""

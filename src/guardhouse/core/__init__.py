"""Values and decisions: no await, no clock, no randomness, no scope."""

"""What is remembered between requests, still without I/O."""

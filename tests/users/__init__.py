"""What providers promise, and that hashing holds nobody up."""

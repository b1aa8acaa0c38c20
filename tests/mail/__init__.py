"""Letters, addresses, and those who carry them."""

"""One way of proving who you are per file."""

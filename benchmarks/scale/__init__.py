"""What sessions cost when there are many: bytes, reads, log out everywhere, and the garbage collector."""

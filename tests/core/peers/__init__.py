"""What others test of themselves, asked of us."""

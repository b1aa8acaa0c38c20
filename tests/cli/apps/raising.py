"""A module that cannot be imported."""

raise ValueError("a line\nand another")

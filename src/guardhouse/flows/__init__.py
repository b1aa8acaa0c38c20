"""Ways in as values: one flow per file, which says what must be written and what comes next, and does none of it."""

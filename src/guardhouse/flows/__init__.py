"""Ways in, one per file: plain functions from what is known to what is to be done."""

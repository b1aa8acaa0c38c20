"""Ways in: tables of what is known, and what is to be done."""

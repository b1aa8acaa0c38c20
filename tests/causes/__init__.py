"""One proof for each root cause of a refusal: a small mistaken application, and the code with which it is met."""

"""Letters to the people who log in: what they say, how they are written out, and who carries them."""

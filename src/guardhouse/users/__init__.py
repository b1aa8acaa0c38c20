"""Where users come from, and their passwords checked without holding up anybody else."""

"""One step of the users' table per file; they are never changed once they were shipped."""

"""Who verifies JWTs: one file each, with the same function `verifier`."""

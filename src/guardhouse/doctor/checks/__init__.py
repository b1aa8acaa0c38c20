"""What the doctor looks for, one concern a file; every check is a plain function from a subject to findings."""

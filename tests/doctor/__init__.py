"""Every finding of the doctor, and its silence."""

"""What can be found out about an application by looking at it and by asking it in process; nothing here draws or prints."""

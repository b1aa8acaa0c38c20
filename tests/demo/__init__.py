"""The application of the thread: its table of routes, its mistakes, its command."""

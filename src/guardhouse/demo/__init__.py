"""The application of the forum thread, served by `guardhouse demo`: it works, and its mistakes say what they are."""

"""What happens to one request: its visit, what it carries, whom it is believed to come from, and how a no leaves."""

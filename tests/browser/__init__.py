"""What a person sees: the running demo in a real Chromium."""

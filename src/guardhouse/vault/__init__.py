"""Bytes and secrets: hidden values, keys that rotate, passwords. Knows no requests and waits for nothing."""

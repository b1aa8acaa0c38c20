"""What the vault promises: nothing leaks, keys rotate, every wrong password costs the same."""

"""What other libraries promise in their own tests, asked of guardhouse."""

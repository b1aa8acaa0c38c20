"""Login servers, own and foreign: their keys, and the tokens that our own issues."""

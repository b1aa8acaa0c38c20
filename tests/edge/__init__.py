"""What the layers around an application do, on the frameworks themselves."""

"""Where frameworks meet the house: one ASGI layer, and one thin file for each framework."""

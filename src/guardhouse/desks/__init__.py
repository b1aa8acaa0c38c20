"""One desk per way in: what a flow decided is carried out here, in its order."""

"""What is carried out after a flow has decided."""

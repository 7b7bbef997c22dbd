"""The laws of the way into the archive and back."""

"""Where versions lie: bytes in a folder or behind a URL, and who signed them."""

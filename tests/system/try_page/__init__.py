"""The page on which a house can be priced, in a real browser with real workers."""

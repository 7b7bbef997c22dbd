"""The page for operators in a real browser, on a real API with real workers."""

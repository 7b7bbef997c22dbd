"""What a table of sales is taken for that nobody has described yet."""

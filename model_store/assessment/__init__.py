"""A recipe put to the test: rolled through months, measured, drawn, held to goals."""

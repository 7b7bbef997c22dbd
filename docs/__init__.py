"""The documentation, and the code that writes the pages made from the code."""

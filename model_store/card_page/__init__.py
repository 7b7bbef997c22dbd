"""The card of a model version for people: one content, as HTML, Markdown or JSON."""

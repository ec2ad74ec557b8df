"""Pure functions from docket rows to text, Markdown, CSV and JSON."""

"""What `scripts/bench.py` measures: one module for each family of rows."""

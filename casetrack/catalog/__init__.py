"""Definitions: TOML files read into checked, frozen values with a digest."""

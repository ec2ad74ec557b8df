"""Decisions as plain functions on frozen values: no clock, file, database, log or random."""

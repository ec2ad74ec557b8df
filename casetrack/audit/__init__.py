"""Proofs over the ledger: the chain of digests."""

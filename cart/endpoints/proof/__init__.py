"""Proof on the spot: worked cases of every endpoint and case files of every kernel, and the report of their run."""

"""Datasets to files: what a table is called and means, and how it is written. PURE: no Django."""

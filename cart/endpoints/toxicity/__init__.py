"""Grades of the toxicities of cellular therapy: cytokine release, neurotoxicity, hematotoxicity, and its risk."""

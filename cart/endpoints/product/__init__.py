"""Arithmetic of the product chain: judgement of release tests, dose of a course, remarks on custody."""

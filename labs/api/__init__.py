"""REST addresses of the laboratory."""

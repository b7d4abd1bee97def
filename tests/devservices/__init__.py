"""The private services, with real processes in projects of their own."""

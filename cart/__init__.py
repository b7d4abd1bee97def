"""The CAR-T trial: subjects, products, conditioning, infusions, endpoints."""

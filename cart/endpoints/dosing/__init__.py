"""Doses: body surface, renal function, conditioning, cells."""

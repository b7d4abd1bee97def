"""Kernels: endpoints computed from columns. PURE: no Django, no database, usable from a notebook."""

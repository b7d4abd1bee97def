"""Endpoints of skin, lung, disability and early disease: from assessments to answers, by the kernels of ``disease``."""

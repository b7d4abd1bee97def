"""Speed beside its limit: every figure is a ratio measured in one run."""

"""Statistics of small groups: proportions, means, medians, survival, and exact comparisons."""

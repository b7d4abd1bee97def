"""Files of cases with their source, run through the kernels: the name of a file selects its kernel."""

"""Laboratory time series: analytes, assays, specimens, results and the files they come from."""

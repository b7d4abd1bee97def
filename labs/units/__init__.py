"""Units of laboratory results: UCUM codes, factors between them, values in standard units. PURE.

The tables of UCUM are those of the package ucumvert; it is loaded when the first code is read, not before.
"""

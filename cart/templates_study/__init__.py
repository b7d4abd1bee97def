"""Study templates that ship with the product, as data."""

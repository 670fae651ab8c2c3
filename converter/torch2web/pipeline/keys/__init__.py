"""Keys of cached conversions and drawings: the code, packages and inputs that they depend on."""

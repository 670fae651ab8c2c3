"""Options of the command line: their names, defaults and help texts."""

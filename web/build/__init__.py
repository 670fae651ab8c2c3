"""Build tools of a checkout: compile web/ and templates/ into the assets that every site shares."""

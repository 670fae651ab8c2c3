"""Tools of a checkout: what is compiled once, from web/ and templates/, into the assets of every site."""

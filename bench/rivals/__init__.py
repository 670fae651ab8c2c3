"""Other runtimes in the page, for comparison."""

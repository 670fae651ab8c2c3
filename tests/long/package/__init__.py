"""The installed package."""

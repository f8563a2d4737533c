"""The ways to deliver mail that come with the framework."""

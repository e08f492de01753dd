"""What is remembered for each user: history, consents, lock digests."""

"""The queue and everything behind it: ledger, batching worker, upkeep."""

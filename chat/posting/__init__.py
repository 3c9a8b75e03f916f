"""The hot path: messages and marks, stored in batches."""

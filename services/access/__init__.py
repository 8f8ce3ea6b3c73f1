"""Access: a confirmed booking is a key. Owns doors, locks, keys and the entry log."""

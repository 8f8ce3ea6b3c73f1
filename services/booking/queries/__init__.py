"""What booking shows, and to whom. Read only."""

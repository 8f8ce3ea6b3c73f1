"""Programming: what happens at each square, as the public sees it. Owns activities."""

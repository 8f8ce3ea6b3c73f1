"""What pricing does: one function per command or event, each within the transaction its door has opened."""

"""What booking does: one function for each request, event or tick. The door opens the transaction; the use case locks,
asks the model, saves, and emits."""

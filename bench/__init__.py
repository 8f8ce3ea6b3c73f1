"""What `./torg bench` runs: figures, side by side with the bare engines."""

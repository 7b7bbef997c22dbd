"""What the shipped autoscaling does: measured workers, simulated days."""

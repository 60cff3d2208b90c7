"""What a wrong cell ought to say: where candidates come from, and how far each is believed."""

"""What is compared: the forms that pull, and the images that they pull."""

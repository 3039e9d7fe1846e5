"""A Pulumi policy pack about the images of a stack."""

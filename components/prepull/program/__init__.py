"""The API for Pulumi programs. No other folder imports Pulumi."""

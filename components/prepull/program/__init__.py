"""What a Pulumi program uses; nothing else imports Pulumi."""

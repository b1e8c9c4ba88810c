#!/bin/sh
# channel.sh SECRET: prints an address or key of a channel from the Secrets Manager. If it
# cannot be read, something that reaches nobody: an emergency does not wait for a secret, and
# the run's issues say that the message was not delivered.
aws secretsmanager get-secret-value --secret-id "$1" --query SecretString --output text 2>/dev/null ||
	echo "none:no-such-secret"

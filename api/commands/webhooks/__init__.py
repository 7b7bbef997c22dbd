"""Commands of operators about webhooks: endpoints, deliveries, secrets, copies."""

"""The one package the services share: events, outbox, inbox, consumer, HTTP, telemetry. It imports no service."""

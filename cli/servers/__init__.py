"""Private servers on this machine: PostgreSQL and RabbitMQ on ports of their own, for the demo, the tests and the bench."""

"""Private servers on this machine: PostgreSQL and RabbitMQ on ports of their own, for demo, tests and bench."""

"""How the service runs: processes, queues, health, metrics, the log."""

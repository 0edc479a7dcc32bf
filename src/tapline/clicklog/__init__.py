"""The append-only click log: written by the edge, read by ingest. docs/clicklog.md tells how."""

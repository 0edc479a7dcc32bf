"""The server that answers links. No web framework, no feature: docs/edge.md tells how."""

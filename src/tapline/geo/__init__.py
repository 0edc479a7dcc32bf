"""Where addresses are, as far as files say that the operator brings: docs/places.md. No Django."""

"""Measurements of Tapline's figures. `python -m bench --help` lists them."""

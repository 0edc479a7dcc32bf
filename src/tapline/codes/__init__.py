"""Codes are serials encrypted: nothing is stored per recipient. Pure; docs/codes.md tells how."""

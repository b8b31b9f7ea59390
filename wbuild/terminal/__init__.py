"""The only printer."""

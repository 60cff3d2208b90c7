"""Tables of any origin looked at, checked, mended, filled, joined and compared."""

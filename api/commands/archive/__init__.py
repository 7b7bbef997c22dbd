"""`kerbside archive`: what is kept for longer than Redis keeps it."""

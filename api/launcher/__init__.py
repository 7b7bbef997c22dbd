"""`kerbside up`: a whole installation on one machine, from its keys to its houses."""

"""Laws of `kerbside up`, on whole installations."""

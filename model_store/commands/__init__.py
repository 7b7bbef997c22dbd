"""The commands of `kerbside model`, a module each or a family."""

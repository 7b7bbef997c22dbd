"""What `kerbside` can be told: a module for each command or group of commands."""

"""The batch thread, inside a worker's stand-in, on a real server."""

"""Processes of this machine: started, watched, ended, and the Redis among them."""

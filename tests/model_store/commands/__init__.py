"""Tests of the commands of `kerbside model`."""

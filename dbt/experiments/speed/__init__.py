"""Measures whole commands against qemu-arm: small programs, and programs of Debian."""

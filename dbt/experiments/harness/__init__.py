"""What every laboratory needs: running a guest, rounds, timing, facts of the host, results."""

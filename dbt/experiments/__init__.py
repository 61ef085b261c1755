"""The laboratories behind ``armdbt bench``: chaining and interception."""

"""``armdbt bench interception``: which events mechanisms and peers find, and what they cost."""

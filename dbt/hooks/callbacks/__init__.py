"""The events that hooks receive, and callbacks that run within translated code."""

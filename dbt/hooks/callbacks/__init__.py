"""Functions of the user's: the events that hooks receive, and callbacks within translated code."""

from dbt.hooks.callbacks.callback import PRICES, Callback, CallbackError

__all__ = ["PRICES", "Callback", "CallbackError"]

"""The events that hooks receive, and callbacks that run within translated code."""

from dbt.hooks.callbacks.callback import PRICES, Callback, CallbackError

__all__ = ["PRICES", "Callback", "CallbackError"]

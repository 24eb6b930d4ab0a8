"""The one exception that reaches the user, without a traceback."""


class BenchError(Exception):
    """Something the user can put right; the message says how."""

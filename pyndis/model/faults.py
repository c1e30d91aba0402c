"""What goes wrong on plain objects."""


class ModelFault(AssertionError):
    """The driver broke a rule of the kernel's, or asked for something that the model does not play. The message names it."""

"""Errors of the kernels.

EndpointError
├── FrameError       an input frame lacks a column or holds the wrong type
├── ParameterError   a parameter is unknown or has an impossible value
└── RegistryError    an endpoint is declared twice or against the rules of names
"""


class EndpointError(ValueError):
    """Base of all errors of the kernels; the message ends with a code in brackets."""


class FrameError(EndpointError):
    """An input frame is not what the kernels read."""


class ParameterError(EndpointError):
    """A parameter is unknown or impossible."""


class RegistryError(EndpointError):
    """A definition breaks a rule of the registry."""

"""The course in code: one module per idea, from small energies to variational autoencoders."""

__version__ = "0.1.0"

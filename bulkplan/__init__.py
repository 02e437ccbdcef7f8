"""bulkplan: the bulk actions of the Close CRM as reviewed, versioned code."""

__version__ = "0.1.0"

__all__ = ["__version__"]

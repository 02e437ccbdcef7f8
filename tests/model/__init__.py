"""An explicit-state model of the apply protocol, and the variants that must break it."""

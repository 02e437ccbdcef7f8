"""Which paths the sandbox answers: each module of this package holds the endpoints of one resource."""

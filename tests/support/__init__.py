"""Stand-ins that the tests share: a small Close, a store in memory, a clock stepped by hand."""

"""Rules of good taste and of caution for specs: what is valid, and yet should be looked at twice."""

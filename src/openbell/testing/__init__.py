"""For tests of users and of openbell: synthetic markets and contract checks."""

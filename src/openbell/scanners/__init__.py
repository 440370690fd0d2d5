"""What a user's scanner is and sees, and ready-made ones."""

"""What a user's strategy is and sees."""

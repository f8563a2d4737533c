"""What all database backends share."""

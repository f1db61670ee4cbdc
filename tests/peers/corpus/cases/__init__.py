"""What is right for each case: a file a query."""

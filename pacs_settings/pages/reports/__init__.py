"""Reports: the list of those that one may edit, and the editor."""

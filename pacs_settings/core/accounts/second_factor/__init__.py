"""Second factors, one file each."""

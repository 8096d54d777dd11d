"""What disks there are, who uses them, a plan of changes, carrying it out."""

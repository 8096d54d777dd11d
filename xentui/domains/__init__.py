"""What runs: the Domain record, the toolstacks, the merged inventory, live statistics."""

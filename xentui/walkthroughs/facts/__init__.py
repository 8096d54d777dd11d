"""What a check can state: each file has the verbs of one area, `verbs` is the list of them all."""

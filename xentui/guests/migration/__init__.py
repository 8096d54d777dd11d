"""Moving running guests to another host: what stands against it, the move itself, and where the guest is afterwards."""

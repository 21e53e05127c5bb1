"""The services, one small file each."""

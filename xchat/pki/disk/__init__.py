"""What lies in a folder of certificates, and how it changes: all of it, or nothing."""

"""What is minted: keys, requests, certificates and lists, as values; no file, no clock."""
